//! What an administrator does with the generated files on each server, as a script. Must not
//! know the sessions.

use smtpconf::mta::{Server as Kind, Target};
use smtpconf::policy::{AuthBackend, Facts, Store};

use super::smtp::{LOGIN, PASSWORD};

/// A server as Debian packages it.
pub struct Server {
    /// What to install.
    pub packages: &'static [&'static str],
    /// Where a generated file goes.
    place: fn(&str) -> String,
    /// Runs the checkers: whatever they print is a fault.
    check: &'static str,
    /// Starts the daemon.
    start: &'static str,
    /// The group that reads what the daemon reads without being root.
    group: &'static str,
    /// Which server it is.
    pub kind: Kind,
    /// How many sessions at a time, from each side. Postfix delays a client by a second for each message that
    /// it begins and does not send (`in_flow_delay`), so it takes many to keep it busy.
    pub parallel: usize,
}

const SASL: &str = "sasl2-bin";

/// The server for a target.
pub fn server(target: Target) -> Server {
    match target.server {
        Kind::Postfix => Server {
            packages: &["postfix", "postfix-lmdb", SASL, "libsasl2-modules", "libsasl2-modules-db"],
            place: |name| format!("/etc/postfix/{name}"),
            // `postfix check` speaks to a terminal only. Debian 13's first fills the chroot, and says so.
            check: "for table in $(grep -ow '\\(hash\\|lmdb\\):$config_directory/[a-z_]*' /etc/postfix/main.cf | sort -u); do
                        postmap \"$(echo \"$table\" | sed 's,$config_directory,/etc/postfix,')\"
                    done
                    postfix check > /dev/null 2>&1 || true
                    postconf -n > /dev/null
                    postconf -M > /dev/null
                    script -qec 'postfix check' /dev/null",
            start: "adduser --quiet postfix sasl
                    newaliases
                    postfix start > /dev/null 2>&1",
            group: "root",
            kind: Kind::Postfix,
            parallel: 40,
        },
        Kind::Exim => Server {
            packages: &["exim4-daemon-heavy", "exim4-config", SASL, "libsasl2-modules", "libsasl2-modules-db"],
            place: |name| match name {
                "exim.conf" => "/etc/exim4/exim4.conf".into(),
                name if name.starts_with("sasl2/") => format!("/etc/{name}"),
                name => format!("/etc/exim4/{name}"),
            },
            check: "exim4 -bV > /dev/null",
            start: "adduser --quiet Debian-exim sasl
                    adduser --quiet Debian-exim ssl-cert
                    [ -z \"$KEY\" ] || { chgrp Debian-exim \"$KEY\"; chmod 640 \"$KEY\"; }
                    exim4 -bdf -q30m > /dev/null 2>&1 &",
            group: "Debian-exim",
            kind: Kind::Exim,
            parallel: 16,
        },
        Kind::Sendmail => Server {
            packages: &[
                "sendmail-bin", "sendmail-base", "sendmail-cf", "m4", SASL, "libsasl2-modules", "libsasl2-modules-db",
                "sensible-mda",
            ],
            place: |name| match name.strip_prefix("sasl2/") {
                Some(name) => format!("/etc/sasl2/{name}"),
                None => format!("/etc/mail/{name}"),
            },
            check: "ln -sfn /run /var/run
                    mkdir -p /run/sendmail/mta; chown smmta:smmsp /run/sendmail/mta
                    m4 /etc/mail/sendmail.mc > /etc/mail/sendmail.cf
                    if grep -q 'access_db.*hash' /etc/mail/sendmail.mc; then makemap hash /etc/mail/access.db < /etc/mail/access; fi
                    newaliases > /dev/null
                    sendmail -Am -bt < /dev/null | grep -v '^ADDRESS TEST MODE\\|^Enter <ruleset>\\|^> $' || true
                    sendmail -Am -bC < /dev/null",
            start: "sendmail-mta -bd -q30m",
            // Its listen queue holds 10; a connection beyond that waits for seconds.
            group: "root",
            kind: Kind::Sendmail,
            parallel: 4,
        },
    }
}

impl Server {
    /// The script `serve.sh`: `start` installs the files from `/lab/files`, checks them and
    /// starts the daemon; `finish` brings the mailbox back. It runs in the server's root.
    /// `extra` are the files that the description names, each with whether it is a secret.
    pub fn script(
        &self,
        facts: &Facts,
        files: &[&str],
        ports: &[u16],
        extra: &[(String, bool)],
    ) -> String {
        let installs = files
            .iter()
            .map(|name| {
                let place = (self.place)(name);
                format!("    install -D -m 644 '/lab/files/{name}' '{place}'\n")
            })
            .chain(extra.iter().map(|(path, secret)| {
                let rights = if *secret {
                    format!("-m 640 -g {}", self.group)
                } else {
                    "-m 644".into()
                };
                format!("    install -D {rights} '/lab/extra{path}' '{path}'\n")
            }))
            .collect::<String>();
        // An alias of the host's own file shows whether that file counts.
        let aliases = if facts.aliases.is_some() {
            "host-alias: root"
        } else {
            "postmaster: root"
        };
        let backend = facts.auth.as_ref().map(|auth| &auth.value.backend);
        let passwords = match backend {
            Some(AuthBackend::CyrusSaslauthd) => "install -d -m 710 -g sasl /run/saslauthd
    saslauthd -a shadow -n 4 -m /run/saslauthd"
                .into(),
            Some(AuthBackend::CyrusSasldb) => format!(
                "printf %s {PASSWORD} | saslpasswd2 -p -c -u {} {LOGIN}; chgrp sasl /etc/sasldb2; chmod 640 /etc/sasldb2",
                facts.hostname
            ),
            _ => String::new(),
        };
        let folders: Vec<&str> = facts
            .virtual_domains
            .iter()
            .filter_map(|domain| match &domain.value.store {
                Store::Maildir { folder, .. } => Some(folder.as_str()),
                Store::Lmtp(_) => None,
            })
            .collect();
        let maildirs: String = facts
            .virtual_domains
            .iter()
            .filter_map(|domain| match &domain.value.store {
                Store::Maildir { folder, owner } => Some(format!(
                    "    install -d -m 770 -o {owner} -g {owner} {folder}\n"
                )),
                Store::Lmtp(_) => None,
            })
            .collect();
        let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
        format!(
            r#"set -eu
. /lab/server.env
fault() {{ echo "$1"; exit 1; }}
case $1 in
start)
{installs}
{maildirs}    useradd -m {LOGIN}
    usermod -p "$(openssl passwd -1 {PASSWORD})" {LOGIN}
    printf '{aliases}\n' > /etc/aliases
    mkdir -p /usr/local/share/ca-certificates; cp /lab/ca.pem /usr/local/share/ca-certificates/lab.crt
    update-ca-certificates > /dev/null 2>&1
    if [ -n "$KEY" ]; then
        install -D -m 644 /lab/certificate.pem "$CERTIFICATE"
        install -D -m 600 /lab/key.pem "$KEY"
    fi
    {passwords}
    ( set -e
{check}
    ) > /lab/check 2>&1 || fault "the checker failed: $(cat /lab/check)"
    [ ! -s /lab/check ] || fault "the checker warned: $(cat /lab/check)"
    {start}
    for port in {ports}; do
        for _ in $(seq 250); do
            if ss -Hltn "sport = :$port" | grep -q .; then continue 2; fi
            sleep 0.02
        done
        fault "nothing listens on port $port"
    done
    ;;
finish)
    # Debian's local mailer of Sendmail sleeps 8 s whenever it finds the mailbox locked.
    for _ in $(seq 600); do
        cp "/var/mail/{LOGIN}" /lab/mailbox 2>/dev/null || true
        find /nowhere {folders} -path '*/new/*' -type f -exec cat {{}} + > /lab/maildirs 2>/dev/null || true
        missing=$(while read -r message; do
            grep -qs "^Subject: $message\$" /lab/mailbox /lab/maildirs || grep -qs "\"subject\":\"$message\"" /lab/arrivals || echo "$message"
        done < /lab/messages)
        [ -n "$missing" ] || break
        sleep 0.1
    done
    tail -n 200 /var/log/exim4/mainlog >> /lab/log 2>/dev/null || true
    ;;
esac
"#,
            check = self.check,
            start = self.start,
            ports = ports.join(" "),
            folders = folders.join(" "),
        )
    }
}
