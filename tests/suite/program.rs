//! The program, and git beside it, as a user starts them.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Where the program is.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_smtpconf");

/// Whether tests that take minutes run too: with `SMTPCONF_HOSTILE=1` all is as large as may be.
pub fn is_large() -> bool {
    std::env::var_os("SMTPCONF_HOSTILE").is_some()
}

/// Whether this machine has a tool; says loudly what is skipped where it has not.
pub fn has(tool: &str, arguments: &[&str], skipped: &str) -> bool {
    let done = Command::new(tool)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let has = done.is_ok_and(|status| status.success());
    if !has {
        eprintln!("\nSKIPPED, for `{tool}` does not work here: {skipped}\n");
    }
    has
}

/// Runs the program in `folder` with nothing to read: its exit code, standard output and standard
/// error.
pub fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    answered(folder, arguments, "")
}

/// The same, with this on standard input.
pub fn answered(folder: &Path, arguments: &[&str], input: &str) -> (i32, String, String) {
    let output = output(folder, arguments, input);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// The same, as bytes.
pub fn output(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(PROGRAM)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap()
}

/// The same within bounds: how long it may take, and how much memory it may ask for; 124 where it
/// took longer. A signal ended it where the code is 128 or more.
pub fn bounded(folder: &Path, arguments: &[&str], seconds: u32, mebibytes: u32) -> (i32, String) {
    let script = format!(
        "ulimit -c 0; ulimit -v {}; exec timeout -s KILL {seconds} \"$@\"",
        u64::from(mebibytes) << 10
    );
    let output = Command::new("sh")
        .args(["-c", &script, "sh", PROGRAM])
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let code = output.status.code().unwrap_or(128);
    (code, String::from_utf8_lossy(&said).into_owned())
}

/// Runs git in `folder`, as somebody.
pub fn git(folder: &Path, arguments: &[&str]) {
    let done = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
}
