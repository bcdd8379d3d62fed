//! Stock: what a server's package installs as its configuration, and ships as examples, has no
//! error.

use std::path::{Path, PathBuf};
use std::process::Command;

use smtpconf::mta::{Server, Target};

use super::roots;

/// Lints every such file; says how many there were, or the errors.
pub fn run(target: Target) -> Result<String, String> {
    let root = roots::upper(target);
    let files = files(target.server, &root);
    let mut faults = Vec::new();
    for (path, kind) in &files {
        let output = Command::new(env!("CARGO_BIN_EXE_smtpconf"))
            .args(["lint", "--format", "concise", "--mta-version"])
            .arg(target.version.to_string())
            .args(["--as", kind, "--root"])
            .arg(&root)
            .arg(path)
            .output()
            .map_err(|error| error.to_string())?;
        let said = String::from_utf8_lossy(&output.stdout);
        faults.extend(
            said.lines()
                .filter(|line| line.contains(": error["))
                // The certificate that Debian's main.cf names is made on each machine.
                .filter(|line| !line.contains("[missing-key-file]"))
                .map(str::to_owned),
        );
        if output.status.code() == Some(2) {
            faults.push(String::from_utf8_lossy(&output.stderr).into_owned());
        }
    }
    if !faults.is_empty() {
        return Err(format!("stock: {}", faults.join("\n  ")));
    }
    Ok(format!(
        "stock: {} configurations of its packages have no error",
        files.len()
    ))
}

/// The files with their kinds.
fn files(server: Server, root: &Path) -> Vec<(PathBuf, &'static str)> {
    let named: &[(&str, &str)] = match server {
        Server::Postfix => &[
            ("etc/postfix/main.cf", "postfix-main"),
            ("etc/postfix/master.cf", "postfix-master"),
            ("usr/share/postfix/main.cf.debian", "postfix-main"),
        ],
        Server::Exim => &[
            ("etc/exim4/update-exim4.conf.conf", "exim-debian"),
            (
                "usr/share/doc/exim4-base/examples/example.conf",
                "exim-conf",
            ),
        ],
        Server::Sendmail => &[
            ("etc/mail/sendmail.mc", "sendmail-mc"),
            ("etc/mail/sendmail.cf", "sendmail-cf"),
            ("etc/mail/submit.mc", "sendmail-mc"),
            ("etc/mail/submit.cf", "sendmail-cf"),
        ],
    };
    let mut files: Vec<_> = named
        .iter()
        .map(|(name, kind)| (root.join(name), *kind))
        .collect();
    if server == Server::Sendmail {
        let shipped = std::fs::read_dir(root.join("usr/share/sendmail/cf/cf"));
        let shipped = shipped.into_iter().flatten().map_while(Result::ok);
        let models = shipped.map(|entry| entry.path());
        // That one asks for `promiscuous_relay`, and so is an open relay.
        let is_model = |path: &PathBuf| {
            path.extension().is_some_and(|end| end == "mc") && !path.ends_with("uucpproto.mc")
        };
        let models = models.filter(is_model);
        files.extend(models.map(|path| (path, "sendmail-mc")));
    }
    files.retain(|(path, _)| path.is_file());
    files.sort();
    files
}
