//! The servers' overlay roots, made once and kept below `target/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use smtpconf::mta::Target;

use super::serve::server;

/// The lab's folder below `target/`.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("lab")
}

/// One of the lab's scripts.
pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/lab")
        .join(name)
}

/// What a target's packages changed, as an overlay's upper folder.
pub fn upper(target: Target) -> PathBuf {
    root(target).join("upper")
}

fn root(target: Target) -> PathBuf {
    folder().join("roots").join(target.server.name())
}

/// Why the lab cannot run here; none when it can.
pub fn obstacle() -> Option<String> {
    let output = |program: &str, arguments: &[&str]| {
        Command::new(program)
            .args(arguments)
            .output()
            .ok()
            .filter(|output| output.status.success())
    };
    let is_root = output("id", &["-u"]).is_some_and(|output| output.stdout.starts_with(b"0\n"));
    if !is_root {
        return Some("it needs root, for namespaces and overlays".into());
    }
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    if !release.contains("VERSION_CODENAME=bookworm") {
        return Some("it needs Debian 12, whose packages it fetches".into());
    }
    if output("unshare", &["-m", "-n", "-p", "-u", "-f", "true"]).is_none() {
        return Some("namespaces cannot be made here (unshare -mnpuf)".into());
    }
    None
}

/// Makes the roots that are not there yet.
pub fn prepare(targets: &[Target]) -> Result<(), String> {
    for tool in ["ip", "nsenter", "script", "openssl", "ss"] {
        let found = Command::new("sh")
            .args(["-c", &format!("command -v {tool}")])
            .output();
        if !found.is_ok_and(|output| output.status.success()) {
            println!("lab: installing {tool}");
            let status = Command::new("sh")
                .args(["-c", "apt-get -qq update && apt-get -qq install -y --no-install-recommends iproute2 util-linux bsdutils openssl"])
                .status();
            if !status.is_ok_and(|status| status.success()) {
                return Err(format!("`{tool}` is missing and could not be installed"));
            }
        }
    }
    for &target in targets {
        let root = root(target);
        if root.join("ready").exists() {
            continue;
        }
        println!("lab: fetching {target}");
        fs::create_dir_all(&root).map_err(|error| error.to_string())?;
        let output = Command::new(script("prepare.sh"))
            .arg(&root)
            .args(server(target).packages)
            .output()
            .map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(format!(
                "{target} could not be installed:\n{}",
                String::from_utf8_lossy(&output.stderr)
            ));
        }
    }
    Ok(())
}
