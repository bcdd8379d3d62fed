//! Hostile values: each is refused by the description, or arrives in the server's own reading of
//! the generated files exactly as it was written, an internationalised name as its A-labels.

use std::fs;
use std::path::Path;
use std::process::Command;

use fastrand::Rng;
use smtpconf::description::{self, Description};
use smtpconf::generate::generate;
use smtpconf::mta::{Server, Target};
use smtpconf::text::Source;

use super::roots;

/// How many values each server is tried with.
const VALUES: usize = 10_000;

/// Pieces that end lines, close quotes, open expansions, or are words of one of the languages.
const PIECES: &[&str] = &[
    "\n",
    "\r",
    "\0",
    "\t",
    " ",
    "'",
    "`",
    "\"",
    "``",
    "''",
    "$",
    "${",
    "}",
    "$$",
    "$myhostname",
    "$(id)",
    "\\",
    "\\n",
    "#",
    ";",
    ":",
    ",",
    "{",
    "%",
    "%{",
    "!",
    "|",
    "*",
    "<",
    ">",
    "&",
    "\u{85}",
    "\u{2028}",
    "\u{202e}",
    "é",
    "ß",
    "dnl",
    "define",
    "include",
    "divert",
    "changequote",
    "eval",
    "len",
    "ifdef",
    "shift",
    "syscmd",
    "DNL",
    "FEATURE",
    "confDOMAIN_NAME",
    "_HAVE_TLS",
    "_OPT_MAIN_TLS_CERTIFICATE",
    "_ACL",
    "SMART_HOST",
    "unix",
    "__file__",
    "myhostname",
    "mynetworks",
    "texthash",
    "begin",
    "end",
    ".include",
    ".ifdef",
    "accept",
    "x",
    "-",
    "--",
    ".",
    "..",
    "_",
    "@",
    "=",
    "+",
    "~",
    "/",
    "0",
    "name",
];

/// A value that was accepted, by the place it goes to.
struct Accepted {
    hostnames: Vec<String>,
    domains: Vec<String>,
    paths: Vec<String>,
}

/// Tries the values on a server; says how it went, or what came out wrong.
pub fn run(target: Target, seed: u64) -> Result<String, String> {
    let accepted = accepted(seed);
    let count = accepted.hostnames.len() + accepted.domains.len() + accepted.paths.len();
    let work = roots::folder().join("hostile").join(roots::name(target));
    let _ = fs::remove_dir_all(&work);
    let mut wanted = Vec::new();
    for (index, text) in descriptions(&accepted).into_iter().enumerate() {
        let description = read(&text).ok_or_else(|| format!("together refused: {text}"))?;
        let generated = generate(&description, target).map_err(|reasons| format!("{reasons:?}"))?;
        for file in &generated.files {
            let path = work.join(index.to_string()).join(&file.name);
            path.parent()
                .map_or(Ok(()), fs::create_dir_all)
                .map_err(|e| e.to_string())?;
            fs::write(path, &file.text).map_err(|e| e.to_string())?;
        }
        wanted.push(expected(&description));
    }
    let found = daemon_reading(target, &work)?;
    if found.len() != wanted.len() {
        return Err(format!(
            "{} descriptions, {} readings",
            wanted.len(),
            found.len()
        ));
    }
    for (index, (wanted, found)) in wanted.iter().zip(&found).enumerate() {
        if wanted != found {
            return Err(format!(
                "description {index} in {}:\n  wanted {wanted:?}\n  found  {found:?}",
                work.display()
            ));
        }
    }
    Ok(format!(
        "{VALUES} hostile values: {} refused, {count} read by the server as they were meant",
        VALUES - count
    ))
}

fn read(text: &str) -> Option<Description> {
    description::read(&Source::new("hostile", text)).0
}

/// Makes the values and keeps those that the description takes.
fn accepted(seed: u64) -> Accepted {
    let mut random = Rng::with_seed(seed);
    let mut accepted = Accepted {
        hostnames: Vec::new(),
        domains: Vec::new(),
        paths: Vec::new(),
    };
    for number in 0..VALUES {
        let middle: String = (0..random.usize(1..4))
            .map(|_| PIECES[random.usize(0..PIECES.len())])
            .collect();
        let (text, kind) = match number % 3 {
            0 => (
                format!("{middle}.h{number}.example"),
                &mut accepted.hostnames,
            ),
            1 => (format!("{middle}.d{number}.example"), &mut accepted.domains),
            _ => (
                format!("/etc/{middle}/{middle}{number}.pem"),
                &mut accepted.paths,
            ),
        };
        let description = match number % 3 {
            0 => document(&text, &[], "/c.pem", "/k.pem"),
            1 => document(
                "mail.example.com",
                std::slice::from_ref(&text),
                "/c.pem",
                "/k.pem",
            ),
            _ => document("mail.example.com", &[], &text, "/k.pem"),
        };
        if read(&description).is_some() {
            kind.push(text);
        }
    }
    accepted
}

/// A description with these values, whatever is in them.
fn document(hostname: &str, domains: &[String], certificate: &str, key: &str) -> String {
    let quote = |text: &str| serde_json::to_string(text).unwrap();
    let domains: Vec<String> = domains.iter().map(|domain| quote(domain)).collect();
    format!(
        "hostname: {}\ndomains: [{}]\nports: [25]\ntls: {{certificate: {}, key: {}}}\n",
        quote(hostname),
        domains.join(", "),
        quote(certificate),
        quote(key)
    )
}

/// As few descriptions as hold all accepted values.
fn descriptions(accepted: &Accepted) -> Vec<String> {
    let most = accepted
        .hostnames
        .len()
        .max(accepted.paths.len().div_ceil(2))
        .max(accepted.domains.len().div_ceil(20));
    let path = |index: usize| {
        accepted
            .paths
            .get(index)
            .map_or("/etc/spare.pem", String::as_str)
    };
    let chunks: Vec<&[String]> = accepted.domains.chunks(20).collect();
    (0..most)
        .map(|index| {
            let hostname = accepted
                .hostnames
                .get(index)
                .map_or("mail.example.com", String::as_str);
            let domains = chunks.get(index).copied().unwrap_or_default();
            document(hostname, domains, path(2 * index), path(2 * index + 1))
        })
        .collect()
}

/// What the server has to read: host name, certificate, key, and the domains, sorted.
fn expected(description: &Description) -> Vec<String> {
    let facts = description::lower(description).facts;
    let tls = facts.certificate.unwrap();
    let mut domains: Vec<String> = facts.domains.iter().map(ToString::to_string).collect();
    domains.sort();
    let mut expected = vec![facts.hostname.to_string(), tls.certificate, tls.key];
    expected.extend(domains);
    expected
}

/// Has the server's own tool read every description's files: first the host name, the certificate
/// and the key, a line each, then the domains.
fn daemon_reading(target: Target, work: &Path) -> Result<Vec<Vec<String>>, String> {
    let reader = match target.server {
        Server::Postfix => {
            "set -- $(postconf -c . -hx smtpd_tls_chain_files)
             postconf -c . -h myhostname; echo \"$2\"; echo \"$1\"
             postconf -c . -hx mydestination | tr ' ' '\\n' | tail -n +3"
        }
        Server::Exim => {
            "value() { exim4 -C $PWD/exim.conf -bP $1 | sed 's/^[a-z_]* = //'; }
             value primary_hostname
             exim4 -C $PWD/exim.conf -be \"$(value tls_certificate)\" \"$(value tls_privatekey)\" '${listnamed:local_domains}' |
                 sed 's/^@ : localhost//; s/^ : //; s/ : /\\n/g' | grep . || true"
        }
        Server::Sendmail => {
            "m4 sendmail.mc > made.cf; cp local-host-names access /etc/mail/
             sed -n 's/^Dj//p' made.cf
             sed -n 's/^O ServerCertFile=//p; s/^O ServerKeyFile=//p' made.cf
             echo '$={Ours}' | sendmail -C $PWD/made.cf -bt | sed '1,2d; s/^> //' | grep . > ours
             grep -vx -e localhost -e \"$(sed -n 's/^Dj//p' made.cf)\" ours || true"
        }
    };
    let script = format!(
        "for folder in $(ls /lab | grep -x '[0-9]*' | sort -n); do\n cd /lab/$folder\n {{ {reader}\n }} 2>&1\n echo ----\ndone\n"
    );
    fs::write(work.join("readers"), script).map_err(|e| e.to_string())?;
    let output = Command::new(roots::script("readers.sh"))
        .args([roots::upper(target).as_path(), work, Path::new("readers")])
        .output()
        .map_err(|e| e.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut readings: Vec<Vec<String>> = text
        .split("----\n")
        .map(|reading| reading.lines().map(str::to_owned).collect())
        .collect();
    readings.pop();
    for reading in &mut readings {
        if let Some(domains) = reading.get_mut(3..) {
            domains.sort();
        }
    }
    Ok(readings)
}
