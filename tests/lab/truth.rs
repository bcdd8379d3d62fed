//! Truth: what the pages of rules say that a server's own tools print of an example, they print.
//! The command runs in the server's root, without network, with the example's files over the ones
//! that the server comes with.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use smtpconf::mta::{Dialect, Server, Target, Version};
use smtpconf::rules;

use super::page::{Example, examples};
use super::parity::inside;
use super::roots;

/// Runs every command over its example's files. `session PORT LINE…` starts Postfix, speaks the lines,
/// and tells what it answers and logs.
const SCRIPT: &str = r#"
ip link set lo up
stock=$(cat /lab/stock)
cp -a "$stock" /tmp/stock
# session [ADDRESS] PORT LINE…: what Postfix answers to a client of this address, and what it logs.
session() {
    local address=127.0.0.1 port line try data=
    case $1 in *.*|*:*) address=$1; ip addr add "$address/32" dev lo 2> /dev/null; shift;; esac
    port=$1; shift
    # Of a service that stands twice the last line counts: that of the example.
    if ! grep -q cleanup master.cf; then
        { postconf -c /tmp/stock -M '*/unix'; cat master.cf; } > /tmp/master.cf
        cp /tmp/master.cf master.cf
    fi
    grep -q postlogd master.cf || echo 'postlog unix-dgram n - n - 1 postlogd' >> master.cf
    postconf maillog_file=/var/log/session.log; : > /var/log/session.log
    postfix start > /dev/null 2>&1
    for try in 1 2 3 4 5 6 7 8 9; do
        { exec 3<> "/dev/tcp/$address/$port"; } 2> /dev/null && break
        sleep 0.2
    done
    case $1 in EHLO*|HELO*) ;; *) set -- 'EHLO client.elsewhere.example' "$@";; esac
    for line in '' "$@" QUIT; do
        [ -z "$line" ] || printf '%s\r\n' "$line" >&3
        # Lines of a message are not answered, but for its end.
        case $data$line in yes.) data=no;; yes*) continue;; DATA) data=yes;; esac
        while IFS= read -r -t 4 line <&3 || break 2; do
            echo "${line%$'\r'}"; [ "${line:3:1}" = - ] || break
        done
    done 2> /dev/null
    [ -z "$data" ] || sleep 2
    postfix stop > /dev/null 2>&1
    cat /var/log/session.log
}
export -f session
for example in /lab/in/*; do
    rm -rf "$stock"; cp -a /tmp/stock "$stock"
    cp -r "$example/files/." /
    cd "$stock"
    for command in "$example"/command.*; do
        timeout -k 1 30 bash "$command" > "$example/said.${command##*.}" 2>&1 < /dev/null || true
    done
done
"#;

/// An example with the rule of its page.
struct Claim {
    rule: &'static str,
    example: Example,
}

/// Tries every claim about the server in this version; says how many rules are confirmed, or what
/// is not so.
pub fn run(target: Target) -> Result<String, String> {
    tried(target, &claims(target))
}

/// The same without the claims that need a running daemon, which take seconds each.
pub fn brief(target: Target) -> Result<String, String> {
    let mut claims = claims(target);
    for claim in &mut claims {
        let says = &mut claim.example.says;
        says.retain(|(command, _)| !command.starts_with("session "));
    }
    claims.retain(|claim| !claim.example.says.is_empty());
    tried(target, &claims)
}

fn tried(target: Target, claims: &[Claim]) -> Result<String, String> {
    let work = roots::folder().join("truth").join(roots::name(target));
    let _ = fs::remove_dir_all(&work);
    for (number, claim) in claims.iter().enumerate() {
        let folder = work.join("in").join(format!("{number:04}"));
        for (name, text) in &claim.example.files {
            let there = Path::new(target.server.folder()).join(name);
            let path = folder.join("files").join(there.strip_prefix("/").unwrap());
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        for (index, (command, _)) in claim.example.says.iter().enumerate() {
            fs::write(folder.join(format!("command.{index}")), command).unwrap();
        }
    }
    if claims.is_empty() {
        return Ok("no page says what its tools print".to_owned());
    }
    fs::write(work.join("stock"), target.server.folder()).unwrap();
    inside(target, &work, SCRIPT)?;
    let mut confirmed = BTreeSet::new();
    let mut lines = 0;
    let mut faults = Vec::new();
    for (number, claim) in claims.iter().enumerate() {
        for (index, (command, wanted)) in claim.example.says.iter().enumerate() {
            let path = work.join("in").join(format!("{number:04}/said.{index}"));
            let said = fs::read(path).unwrap_or_default();
            let said = String::from_utf8_lossy(&said);
            let missing: Vec<_> = wanted.iter().filter(|line| !said.contains(*line)).collect();
            lines += wanted.len();
            if missing.is_empty() {
                confirmed.insert(claim.rule);
            } else {
                faults.push(format!(
                    "{}: `{command}` does not say {missing:?} but\n{said}",
                    claim.rule
                ));
            }
        }
    }
    if !faults.is_empty() {
        return Err(format!("truth: {}", faults.join("\n  ")));
    }
    Ok(format!(
        "truth: {} rules are confirmed by the server's own tools, in {lines} lines of {} examples",
        confirmed.len(),
        claims.len()
    ))
}

/// The examples that say something of the server in this version.
fn claims(target: Target) -> Vec<Claim> {
    let mut claims = Vec::new();
    for rule in rules::all() {
        for example in examples(rule.page) {
            let server = example
                .files
                .iter()
                .find_map(|(name, _)| Dialect::by_name(Path::new(name)))
                .map(|dialect| dialect.server);
            let is_mine = server == Some(target.server)
                && version(target.server, &example).series() == target.version.series();
            if is_mine && !example.says.is_empty() {
                claims.push(Claim {
                    rule: rule.name,
                    example,
                });
            }
        }
    }
    claims
}

/// The version that an example is tried on: that of Debian 12 where it names none.
fn version(server: Server, example: &Example) -> Version {
    let named = example.options.get("version");
    named
        .and_then(|text| Version::parse(text))
        .unwrap_or_else(|| server.version_on(roots::HOST))
}
