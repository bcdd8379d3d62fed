//! A first description, with comments for whoever goes on with it. Must not know any server, nor
//! whether what it writes is right: reading it tells.

use super::raise::{list, quoted};

/// What a first description says, in the words of its user.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The server's name.
    pub hostname: String,
    /// Domains whose mail it takes.
    pub domains: Vec<String>,
    /// Networks that may send without a login.
    pub networks: Vec<String>,
    /// TCP ports.
    pub ports: Vec<String>,
    /// What checks passwords, by its name.
    pub auth: Option<String>,
    /// The paths of a certificate and of its key.
    pub tls: Option<[String; 2]>,
    /// Servers to generate for, by their names.
    pub servers: Vec<String>,
}

impl Draft {
    /// What most servers are: they take mail for their own domain, and mail from users who log in.
    pub fn new(hostname: &str) -> Self {
        // Of a name with two labels the rest is a public suffix, as a rule.
        let domain = hostname.split_once('.').map(|(_, domain)| domain);
        let domain = domain.filter(|domain| domain.contains('.'));
        Self {
            hostname: hostname.to_owned(),
            domains: domain.map(str::to_owned).into_iter().collect(),
            networks: Vec::new(),
            ports: ["25", "465", "587"].map(str::to_owned).into(),
            auth: Some("cyrus".to_owned()),
            tls: Some([
                format!("/etc/ssl/certs/{hostname}.pem"),
                format!("/etc/ssl/private/{hostname}.key"),
            ]),
            servers: vec!["postfix".to_owned()],
        }
    }

    /// Whether people log in on one of its ports.
    pub fn has_submission(&self) -> bool {
        self.ports.iter().any(|port| port != "25")
    }

    /// The description. What it does not say stands in it as an example, behind a `#` without a
    /// blank; words stand behind `# `.
    pub fn text(&self) -> String {
        let ports: Vec<String> = self.ports.iter().map(|port| number(port)).collect();
        let targets = self.servers.iter().map(|name| {
            let folder = quoted(&format!("{name}/"));
            format!("\n  - {{server: {}, into: {folder}}}", quoted(name))
        });
        let targets: String = targets.collect();
        [
            part(
                "Its name in DNS, with which it greets.",
                Some(format!("hostname: {}", quoted(&self.hostname))),
                "",
            ),
            part(
                "Whose mail it takes, for its own accounts and aliases. A subdomain is a domain\n\
                 of its own.",
                filled(&self.domains).map(|names| format!("domains: [{names}]")),
                "domains: [example.com]",
            ),
            part(
                "Every domain that takes mail has these two addresses (RFC 2142).",
                filled(&self.domains).map(|_| ALIASES.to_owned()),
                ALIASES,
            ),
            part(
                "Who may send to anywhere through port 25 without a login. The server itself\n\
                 always may.",
                filled(&self.networks).map(|networks| format!("relay:\n  networks: [{networks}]")),
                "relay:\n  networks: [192.0.2.0/24]",
            ),
            part(
                "25 takes mail from other servers; 587 (STARTTLS first) and 465 (inside TLS)\n\
                 take it from people who log in.",
                Some(format!("ports: [{}]", ports.join(", "))),
                "",
            ),
            part(
                "What checks their passwords: cyrus, dovecot, or a file.",
                self.auth
                    .as_deref()
                    .map(|auth| format!("auth: {}", log_in(auth))),
                "auth: cyrus",
            ),
            part(
                "The certificate with its chain, and its key, as the server finds them.",
                self.tls.as_ref().map(|[certificate, key]| {
                    let [certificate, key] = [quoted(certificate), quoted(key)];
                    format!("tls:\n  certificate: {certificate}\n  key: {key}")
                }),
                "tls:\n  certificate: /etc/ssl/certs/mail.pem\n  key: /etc/ssl/private/mail.key",
            ),
            part(
                "The folder with each server's files: `smtpconf generate` writes them, and with\n\
                 --check tells whether they are still what stands here.",
                Some(format!("targets:{targets}")).filter(|_| !targets.is_empty()),
                "targets:\n  - {server: postfix, into: postfix/}",
            ),
            part(
                "What the linter reports; `smtpconf rules` lists the rules and their groups.",
                None,
                "lint:\n  levels: {security: deny}",
            ),
        ]
        .join("\n")
    }
}

const ALIASES: &str = "aliases: {postmaster: root, abuse: root}";

/// A key with words above it, or an example of it.
fn part(words: &str, said: Option<String>, example: &str) -> String {
    let lines = said.unwrap_or_else(|| format!("#{}", example.replace('\n', "\n#")));
    format!("# {}\n{lines}\n", words.replace('\n', "\n# "))
}

/// The items of a list, if there are any.
fn filled(values: &[String]) -> Option<String> {
    (!values.is_empty()).then(|| list(values))
}

/// What checks passwords, with the paths that are usual.
fn log_in(name: &str) -> String {
    match name {
        "dovecot" => "{backend: dovecot, socket: /run/dovecot/auth-client}".to_owned(),
        "file" => "{backend: file, path: /etc/mail/passwords}".to_owned(),
        other => quoted(other),
    }
}

/// A port as it is written: what is no number is quoted, so that reading it finds fault with it.
fn number(port: &str) -> String {
    if port.bytes().all(|byte| byte.is_ascii_digit()) {
        port.to_owned()
    } else {
        quoted(port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::Severity;
    use crate::text::Source;

    fn errors(text: &str) -> Vec<String> {
        let (_, findings) = crate::description::read(&Source::new("draft", text));
        let errors = findings
            .into_iter()
            .filter(|one| one.severity == Severity::Error);
        errors.map(|one| one.message).collect()
    }

    #[test]
    fn a_draft_is_a_description_also_with_its_examples() {
        let full = Draft::new("mail.example.com");
        let bare = Draft {
            domains: Vec::new(),
            ports: vec!["25".to_owned()],
            auth: None,
            tls: None,
            servers: Vec::new(),
            ..full.clone()
        };
        for draft in [full, bare] {
            let text = draft.text();
            assert_eq!(errors(&text), [""; 0], "{text}");
            let uncommented: Vec<&str> = text
                .lines()
                .map(|line| match line.strip_prefix('#') {
                    Some(rest) if !rest.starts_with(' ') => rest,
                    // An example's second line begins with two blanks.
                    Some(rest) if rest.starts_with("  ") => rest,
                    _ => line,
                })
                .collect();
            let uncommented = uncommented.join("\n");
            assert!(uncommented.contains("\nlint:\n  levels:"), "{uncommented}");
            assert_eq!(errors(&uncommented), [""; 0], "{uncommented}");
            assert!(text.lines().all(|line| line.len() <= 80), "{text}");
        }
    }

    #[test]
    fn what_is_said_stays_a_value() {
        for hostile in [
            "a\nports: [25]",
            "a, b",
            "\"",
            "x: y",
            "*a",
            "# x",
            "25/udp",
        ] {
            let draft = Draft {
                ports: vec![hostile.to_owned()],
                ..Draft::new(hostile)
            };
            let text = draft.text();
            assert_eq!(text.matches("\nports:").count(), 1, "{text}");
            assert!(!errors(&text).is_empty(), "{text}");
        }
    }
}
