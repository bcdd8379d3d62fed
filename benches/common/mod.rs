//! A large description, for the benchmarks of what grows with it.

use std::fmt::Write;

/// As many domains, and as many networks on octet borders.
pub fn text(count: u32) -> String {
    let mut text = "hostname: mail.example.com\nports: [25]\ndomains:\n".to_owned();
    for number in 0..count {
        let _ = writeln!(text, "  - d{number}.example");
    }
    text += "relay:\n  networks:\n";
    for number in 0..count {
        let [_, b, c, d] = number.to_be_bytes();
        let _ = writeln!(text, "    - {}.{c}.{d}.0/24", 11 + b);
    }
    text
}
