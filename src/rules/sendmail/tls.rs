//! TLS of the whole server. Must not know demands on single clients.

use crate::findings::{Certainty, Finding, Severity};
use crate::mta::sendmail;

use sendmail::{Files, instead, part};

const NEEDED: [(&str, &str); 4] = [
    ("ServerCertFile", "confSERVER_CERT"),
    ("ServerKeyFile", "confSERVER_KEY"),
    ("CACertFile", "confCACERT"),
    ("CACertPath", "confCACERT_PATH"),
];

fn is_set(files: &Files<'_>, option: &str) -> bool {
    files.value(option).is_some_and(|value| !value.is_empty())
}

fn is_certified(files: &Files<'_>) -> bool {
    NEEDED.iter().all(|(option, _)| is_set(files, option))
}

/// Some of the files that STARTTLS needs.
pub fn incomplete_tls(files: &Files<'_>) -> Vec<Finding> {
    let first = NEEDED.iter().find_map(|(option, _)| {
        files
            .option(option)
            .filter(|line| line.value.as_deref().is_some_and(|value| !value.is_empty()))
    });
    let missing: Vec<String> = NEEDED
        .iter()
        .filter(|(option, _)| !is_set(files, option))
        .map(|(option, name)| {
            if files.resolved.reading.is_some() {
                format!("`{name}`")
            } else {
                format!("`{option}`")
            }
        })
        .collect();
    let serves = is_set(files, "ServerCertFile") || is_set(files, "ServerKeyFile");
    let (Some(first), false, true) = (first, missing.is_empty(), serves && files.is_whole()) else {
        return Vec::new();
    };
    let message = format!(
        "STARTTLS is not offered: it needs four settings, and {} {} missing",
        missing.join(" and "),
        if missing.len() == 1 { "is" } else { "are" }
    );
    let finding = files
        .say(Severity::Error, "incomplete-tls", first.place.as_ref(), message)
        .help("set them; without own authorities take the system's: /etc/ssl/certs and /etc/ssl/certs/ca-certificates.crt");
    vec![finding]
}

/// A server that speaks to the world without TLS.
pub fn no_tls(files: &Files<'_>) -> Vec<Finding> {
    let has_some = is_set(files, "ServerCertFile") || is_set(files, "ServerKeyFile");
    if !files.is_daemon() || has_some {
        return Vec::new();
    }
    let open = files
        .daemons()
        .into_iter()
        .find(|daemon| daemon.place.is_some() && !daemon.is_inside());
    let found = open.map(|daemon| {
        let message = format!(
            "port {} is open to the world and there is no TLS: mail and logins can be read on the way",
            daemon.port().unwrap_or(25)
        );
        files
            .say(Severity::Note, "no-tls", daemon.place.as_ref(), message)
            .help("set `confSERVER_CERT`, `confSERVER_KEY`, `confCACERT` and `confCACERT_PATH`")
    });
    found.into_iter().collect()
}

/// Versions of TLS that are too old, and names that do not exist.
pub fn ssl_options(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for name in ["ServerSSLOptions", "ClientSSLOptions"] {
        let Some(line) = files.option(name) else {
            continue;
        };
        let (Some(place), Some(value)) = (&line.place, &line.value) else {
            continue;
        };
        for word in value.split([' ', ',']).filter(|word| !word.is_empty()) {
            let bare = word.trim_start_matches(['+', '-']);
            let is_number = bare.starts_with(|c: char| c.is_ascii_digit());
            let name = bare
                .get(..7)
                .filter(|begin| begin.eq_ignore_ascii_case("SSL_OP_"));
            let is_known = name.is_some()
                && OPTIONS
                    .iter()
                    .any(|known| bare[7..].eq_ignore_ascii_case(known));
            if !is_number && !is_known {
                let message = format!("OpenSSL has no option `{bare}`: the daemon stops here");
                found.push(
                    files
                        .say(
                            Severity::Error,
                            "unknown-ssl-option",
                            Some(&part(place, word)),
                            message,
                        )
                        .help("the names begin with `SSL_OP_` (SSL_CTX_set_options(3))"),
                );
            } else if word.starts_with("-SSL_OP_NO_")
                || word.contains("LEGACY") && !word.starts_with('-')
            {
                let message =
                    format!("`{word}` brings back what OpenSSL left away for good reason");
                found.push(
                    files
                        .say(
                            Severity::Warning,
                            "old-tls",
                            Some(&part(place, word)),
                            message,
                        )
                        .help("remove it")
                        .unsafe_fix(instead(place, word, "")),
                );
            }
        }
    }
    if is_certified(files) {
        let line = files.option("ServerSSLOptions");
        let value = line
            .and_then(|line| line.value.as_deref())
            .unwrap_or_default();
        if !value.contains("NO_TLSv1_1") {
            let place = line
                .or_else(|| files.option("ServerCertFile"))
                .and_then(|line| line.place.clone());
            let message = "TLS 1.0 and 1.1 are not switched off here: whether they are spoken is left to the system's OpenSSL";
            found.push(
                files
                    .say(Severity::Note, "old-tls", place.as_ref(), message)
                    .certainty(Certainty::Conditional)
                    .help("add `+SSL_OP_NO_TLSv1 +SSL_OP_NO_TLSv1_1` to `confSERVER_SSL_OPTIONS` (RFC 8996)")
                    .unsafe_fix(instead(
                        line.and_then(|line| line.place.as_ref()),
                        value,
                        &format!("{value} +SSL_OP_NO_TLSv1 +SSL_OP_NO_TLSv1_1"),
                    ))
                    .pedantic(),
            );
        }
    }
    found
}

/// The options of `SSL_CTX_set_options` that the daemon knows (sendmail/readcf.c, `TLS_Srv_features`).
const OPTIONS: &[&str] = &[
    "ALL",
    "ALLOW_NO_DHE_KEX",
    "ALLOW_UNSAFE_LEGACY_RENEGOTIATION",
    "CIPHER_SERVER_PREFERENCE",
    "CISCO_ANYCONNECT",
    "COOKIE_EXCHANGE",
    "CRYPTOPRO_TLSEXT_BUG",
    "DONT_INSERT_EMPTY_FRAGMENTS",
    "EPHEMERAL_RSA",
    "LEGACY_SERVER_CONNECT",
    "MICROSOFT_BIG_SSLV3_BUFFER",
    "MICROSOFT_SESS_ID_BUG",
    "MSIE_SSLV2_RSA_PADDING",
    "NETSCAPE_CA_DN_BUG",
    "NETSCAPE_CHALLENGE_BUG",
    "NETSCAPE_DEMO_CIPHER_CHANGE_BUG",
    "NETSCAPE_REUSE_CIPHER_CHANGE_BUG",
    "NO_ANTI_REPLAY",
    "NO_COMPRESSION",
    "NO_ENCRYPT_THEN_MAC",
    "NO_QUERY_MTU",
    "NO_RENEGOTIATION",
    "NO_SESSION_RESUMPTION_ON_RENEGOTIATION",
    "NO_SSLv2",
    "NO_SSLv3",
    "NO_TICKET",
    "NO_TLSv1",
    "NO_TLSv1_1",
    "NO_TLSv1_2",
    "NO_TLSv1_3",
    "PKCS1_CHECK_1",
    "PKCS1_CHECK_2",
    "PRIORITIZE_CHACHA",
    "SAFARI_ECDHE_ECDSA_BUG",
    "SINGLE_DH_USE",
    "SINGLE_ECDH_USE",
    "SSLEAY_080_CLIENT_DH_BUG",
    "SSLREF2_REUSE_CERT_TYPE_BUG",
    "TLSEXT_PADDING",
    "TLS_BLOCK_PADDING_BUG",
    "TLS_D5_BUG",
    "TLS_ROLLBACK_BUG",
];

/// Ciphers that protect nothing, and such as are named in the wrong place.
pub fn ciphers(files: &Files<'_>) -> Vec<Finding> {
    let Some(line) = files.option("CipherList") else {
        return Vec::new();
    };
    let (Some(place), Some(value)) = (&line.place, &line.value) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let words: Vec<&str> = value.split([':', ',', ' ']).collect();
    if let Some(suite) = words
        .iter()
        .find(|word| word.starts_with("TLS_AES_") || word.starts_with("TLS_CHACHA20"))
    {
        let message = format!(
            "`{suite}` is a suite of TLS 1.3, which this list does not reach: it is passed over, and without other words \
             older clients get no TLS at all"
        );
        found.push(
            files
                .say(
                    Severity::Warning,
                    "tls13-suite-in-list",
                    Some(&part(place, suite)),
                    message,
                )
                .help("suites of TLS 1.3 go to `O CipherSuites` (8.17 and later)"),
        );
    }
    let weak = [
        "NULL",
        "eNULL",
        "aNULL",
        "EXPORT",
        "EXP",
        "LOW",
        "RC4",
        "3DES",
        "DES",
        "MD5",
        "ADH",
        "COMPLEMENTOFDEFAULT",
    ];
    let bad = words.iter().find(|word| {
        !word.starts_with(['!', '-']) && word.split('+').any(|part| weak.contains(&part))
    });
    let open = words.contains(&"ALL")
        && !["NULL", "aNULL"]
            .iter()
            .any(|gone| value.contains(&format!("!{gone}")));
    if let Some(bad) = bad.copied().or(open.then_some("ALL")) {
        let message =
            format!("`{bad}` lets in ciphers that are broken or do not say who the other side is");
        found.push(
            files
                .say(
                    Severity::Warning,
                    "weak-ciphers",
                    Some(&part(place, bad)),
                    message,
                )
                .help("write `ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:!aNULL:!eNULL:!MD5`"),
        );
    }
    found
}

/// Settings of TLS that weaken it.
pub fn weak_tls_setting(files: &Files<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut say = |option: &str, severity, rule, message: &str, help: &str, right: Option<&str>| {
        let line = files.option(option);
        let place = line.and_then(|line| line.place.as_ref());
        let old = line.and_then(|line| line.value.as_deref());
        let edits = old
            .zip(right)
            .map(|(old, right)| instead(place, old, right));
        let finding = files.say(severity, rule, place, message).help(help);
        found.push(finding.unsafe_fix(edits.unwrap_or_default()));
    };
    let value = |option: &str| {
        let line = files.option(option).filter(|line| line.place.is_some())?;
        line.value.as_deref()
    };
    if value("DHParameters").is_some_and(|dh| ["1", "5", "512", "1024"].contains(&dh)) {
        say(
            "DHParameters",
            Severity::Warning,
            "weak-dh-parameters",
            "parameters of 1024 bits and less can be broken (Logjam, CVE-2015-4000), and clients refuse them",
            "write `i`, which is 2048 bits, or `none`",
            Some("i"),
        );
    }
    if value("TLSSrvOptions")
        .is_some_and(|options| options.split([' ', ',']).any(|word| word.starts_with('C')))
    {
        say(
            "TLSSrvOptions",
            Severity::Warning,
            "no-server-certificate",
            "with `C` the server shows no certificate: nobody can tell it from an impostor, and most clients break off",
            "remove the `C`",
            None,
        );
    }
    if value("TLSFallbacktoClear")
        .is_some_and(|value| value.is_empty() || value.starts_with(['t', 'T', 'y', 'Y']))
    {
        say(
            "TLSFallbacktoClear",
            Severity::Warning,
            "falls-back-to-clear",
            "a delivery whose TLS fails is repeated in clear: who disturbs the handshake can read the mail",
            "write `False`",
            Some("False"),
        );
    }
    if value("CertFingerprintAlgorithm").is_some_and(|value| value.eq_ignore_ascii_case("md5")) {
        say(
            "CertFingerprintAlgorithm",
            Severity::Warning,
            "md5-fingerprint",
            "certificates with the same MD5 fingerprint can be made: it proves no identity",
            "write `sha256` and compare `{cert_fp}`",
            None,
        );
    }
    if value("DANE").is_some_and(|value| value.starts_with(['t', 'T', 'y', 'Y'])) {
        say(
            "DANE",
            Severity::Note,
            "dane-without-dnssec",
            "DANE protects nothing unless the resolver of this host validates DNSSEC and is reached over a path that can be trusted",
            "run a validating resolver on this host",
            None,
        );
    }
    let asks = !value("TLSSrvOptions")
        .is_some_and(|options| options.split([' ', ',']).any(|word| word.starts_with('V')));
    let bundle = value("CACertFile").is_some_and(|path| {
        path.ends_with("ca-certificates.crt") || path.ends_with("ca-bundle.crt")
    });
    if bundle && asks && is_certified(files) {
        say(
            "CACertFile",
            Severity::Note,
            "ca-list-sent-to-clients",
            "every client is sent the names of all authorities of the system and asked for a certificate: some break off at so much",
            "write `` define(`confTLS_SRV_OPTIONS', `V')dnl ``, or name a file with your own authority",
            None,
        );
    }
    found
}

/// The file of OpenSSL's settings that 8.18 names by itself.
pub fn openssl_conf(files: &Files<'_>) -> Vec<Finding> {
    let set = files
        .resolved
        .model
        .environment
        .iter()
        .find(|line| line.name == "OPENSSL_CONF");
    let stock = set.filter(|line| {
        line.place.is_none() && line.value.as_deref() == Some("/etc/mail/sendmail.ossl")
    });
    if stock.is_none() || !is_certified(files) || !files.is_daemon() {
        return Vec::new();
    }
    if files.file("/etc/mail/sendmail.ossl").is_ok() {
        return Vec::new();
    }
    let place = files
        .option("ServerCertFile")
        .and_then(|line| line.place.clone());
    let message = "the system's settings for OpenSSL (which versions and ciphers) do not hold for this server: since 8.18 it \
                   reads /etc/mail/sendmail.ossl in their place";
    let finding = files
        .say(Severity::Note, "own-openssl-conf", place.as_ref(), message)
        .certainty(Certainty::Conditional)
        .help("write that file, or `` define(`confOPENSSL_CNF', `')dnl ``");
    vec![finding]
}
