//! A short run of each fuzz target, on inputs from seeds: what is written in the rules' pages, and
//! descriptions, with something put in or taken out. `SMTPCONF_INPUTS` sets how many there are.

use fastrand::Rng;
use smtpconf::description;
use smtpconf::mta::{Server, Target};
use smtpconf::rules;
use smtpconf::text::Source;

use crate::descriptions::written;
use crate::fuzz::folder::spoiled;
use crate::fuzz::{describing, generating, lifting, mending, reporting};
use crate::lossless::PIECES;
use crate::page::examples;

/// How many inputs are tried, if it is not asked for more.
pub fn inputs(usual: u64) -> u64 {
    std::env::var("SMTPCONF_INPUTS").map_or(usual, |number| number.parse().unwrap())
}

fn bytes(random: &mut Rng, most: usize) -> Vec<u8> {
    (0..random.usize(0..most)).map(|_| random.u8(..)).collect()
}

/// Gives a property texts that are nearly right.
fn hold(usual: u64, texts: &[String], pieces: &[&str], property: impl Fn(&[u8])) {
    for seed in 0..inputs(usual) {
        let mut random = Rng::with_seed(seed);
        let text = &texts[random.usize(0..texts.len())];
        let changes = bytes(&mut random, 24);
        property(spoiled(text, &changes, pieces).as_bytes());
    }
}

/// The examples of the rules' pages in a server's files, each as one text.
fn folders(server: Server) -> Vec<String> {
    let pages = rules::all().flat_map(|rule| examples(rule.page));
    pages
        .filter(|example| example.dialect().is_some_and(|kind| kind.server == server))
        .map(|example| {
            let files = example.files.iter();
            let texts = files.map(|(name, text)| format!("==> {name} <==\n{text}"));
            texts.collect()
        })
        .collect()
}

#[test]
fn any_folder_is_lifted() {
    for server in Server::ALL {
        hold(60, &folders(server), PIECES, |text| lifting::lift("", text));
    }
}

#[test]
fn mending_ends_and_keeps_the_meaning() {
    for server in Server::ALL {
        hold(60, &folders(server), PIECES, mending::mend);
    }
}

#[test]
fn any_text_gives_findings_or_a_description() {
    const YAML: &[&str] = &[
        "\t",
        "\0",
        "\u{feff}",
        "\r",
        "\n",
        ": ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        "&a ",
        "*a",
        "!!x ",
        "|\n",
        ">\n",
        "'",
        "\"",
        "#",
        "?",
        "---\n",
        "...",
        "%YAML 1.3\n",
        "ä",
        "\u{202e}",
        "<<: ",
        "~",
        "0x",
        "@",
        "`",
        ",",
    ];
    let texts: Vec<String> = written().into_iter().map(|(_, text)| text).collect();
    hold(2_000, &texts, YAML, describing::describe);
}

#[test]
fn what_is_generated_does_what_is_demanded() {
    let mut random = Rng::with_seed(1);
    let mut generated = 0;
    for _ in 0..inputs(120) {
        let input = bytes(&mut random, 24);
        generated += u64::from(generating::generate(&input));
    }
    assert!(generated > 0);
}

#[test]
fn every_format_takes_any_finding() {
    for seed in 0..inputs(300) {
        reporting::report(&seed.to_be_bytes());
    }
}

/// What would check passwords has nothing to do at a port that nobody logs in to.
#[test]
fn auth_that_no_listener_offers_is_generated_without() {
    generated(
        "hostname: mx.example.com\ndomains: [example.com]\nports: [25]\nauth: cyrus\ntls: {certificate: /c.pem, key: /k.pem}\n",
    );
}

/// Files for which findings pointed past the text, or into the midst of a character.
#[test]
fn what_was_pointed_at_badly_is_held() {
    let text = "==> exim.conf <==\n.ifdef _OP½_TRANSPORT_ALPN\n.endif\n";
    lifting::lift("", text.as_bytes());
}

/// Files that were mended without an end, or into something else.
#[test]
fn what_was_mended_badly_is_held() {
    for text in [
        // The mailer that is missing was put into the quotes again and again.
        "==> sendmail.mc <==\nOSTYPE(`linux')dnl\nFEATURE(`no_default_msa')dnl\nMAILER(`s(`local')dnl\n",
        // One of them was taken out in each round.
        "==> main.cf <==\nmyhostname = a\0\0\0\0\0\0\0\0\0\0\0\0.example\nbiff = no\\\\\\\\\\\\\\\\\\\\\\\\\n",
        // The option was put behind what ends the options, again and again.
        "==> main.cf <==\nsmtpd_sasl_auth_enable = yes\n==> master.cf <==\n465 inet n - n - - smtpd\n  -o smtpd_tls_wrappermode=yes\n x -o a=b\n",
        // The first definition was taken out, and the second one has no end.
        "==> sendmail.mc <==\ndefine(`confAUTH_MECHANISMS', `PLAIN LOGIN')dnl\ndefine(`confAUTH_OPTIONS', `A p y')dnl\ndefine(`confAUTH_OPTIONS', `A p y'.dnl\nTRUST_AUTH_MECH(`PLAIN LOme=MSA, Port=587, M=Eas')dnl\nMAILER(`smtp')dnl",
    ] {
        mending::mend(text.as_bytes());
    }
}

/// Generates for every server what is demanded.
fn generated(text: &str) {
    let (description, findings) = description::read(&Source::new("smtpconf.yaml", text));
    let description = description.unwrap_or_else(|| panic!("{findings:?}"));
    for server in Server::ALL {
        let version = server.version_on("debian-12");
        let target = Target { server, version };
        generating::does_what_is_demanded(&description, target).unwrap();
    }
}
