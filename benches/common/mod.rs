//! A large description, for the benchmarks of what grows with it, and the time that it takes.

use std::fmt::Write;
use std::fs;
use std::time::Duration;

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

/// The processor's time of this thread so far: that of the clock counts the machine's other work too.
pub fn spent() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let on_processor = text.split_whitespace().next().unwrap();
    Duration::from_nanos(on_processor.parse().unwrap())
}
