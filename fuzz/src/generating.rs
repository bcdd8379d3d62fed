//! What is generated for a description does what is demanded, and no value escapes.

use fastrand::Rng;
use smtpconf::description::{self, Description};
use smtpconf::findings::Severity;
use smtpconf::generate;
use smtpconf::mta::{Dialect, Server, Target, Version};
use smtpconf::text::Source;

use super::folder::{seed, spoiled};
use super::random;

/// Pieces that end lines, close quotes, open expansions, or are words of one of the languages.
const HOSTILE: &[&str] = &[
    "\\n",
    "\\r",
    "\\t",
    " ",
    "'",
    "''",
    "`",
    "\"",
    "\\\"",
    "$",
    "${",
    "}",
    "$$",
    "$(id)",
    "\\",
    "#",
    ";",
    ":",
    ",",
    "{",
    "%",
    "!",
    "|",
    "*",
    "<",
    ">",
    "&",
    "\\u0085",
    "\\u2028",
    "é",
    "dnl",
    "define",
    "include",
    "changequote",
    "eval",
    "len",
    "DNL",
    "FEATURE",
    "_HAVE_TLS",
    "_ACL",
    "__file__",
    "myhostname",
    "texthash",
    "begin",
    ".include",
    "accept",
    "x",
    "-",
    ".",
    "..",
    "_",
    "@",
    "=",
    "+",
    "~",
    "/",
    "0",
    "1",
    "9",
    "::",
    "[",
    "]",
    "a.example",
    "10.0.0.0/8",
    "true",
];

/// Generates the files of a server for a description, both of which the first eight bytes choose;
/// the others spoil the description. False where it is faulty.
///
/// # Panics
/// When files do not do what is demanded.
pub fn generate(bytes: &[u8]) -> bool {
    let (seed, changes) = seed(bytes);
    let mut random = Rng::with_seed(seed);
    let target = target(&mut random);
    let text = if random.u8(0..3) == 0 {
        random::description(&mut random)
    } else {
        random::long_description(&mut random)
    };
    let text = spoiled(&text, changes, HOSTILE);
    let (description, _) = description::read(&Source::new("smtpconf.yaml", text.as_str()));
    let Some(description) = description else {
        return false;
    };
    if let Err(fault) = does_what_is_demanded(&description, target) {
        panic!("{target}: {fault}\n{text}");
    }
    true
}

/// A server in the first or the last release of those that are known, or in Debian's.
fn target(random: &mut Rng) -> Target {
    let server = Server::ALL[random.usize(0..Server::ALL.len())];
    let [(major, first), _] = server.known();
    let versions = [
        Version::new(&[major, first]),
        server.version_on("debian-12"),
        server.newest(),
    ];
    let version = versions[random.usize(0..versions.len())];
    Target { server, version }
}

/// Laws 2 and 9: the files that are generated are written as their server wants it, and do what is
/// demanded. A refusal is right too.
///
/// # Errors
/// What they are or do otherwise.
pub fn does_what_is_demanded(description: &Description, target: Target) -> Result<(), String> {
    let generated = match generate::generate(description, target) {
        Ok(generated) => generated,
        // What the files do otherwise is noticed by whoever generates them.
        Err(reasons) => {
            let fault = reasons.iter().find(|one| one.rule == "self-check");
            return fault.map_or(Ok(()), |fault| Err(fault.message.clone()));
        }
    };
    if generate::read_back(target, &generated.files).is_none() {
        return Err("nothing is read back".to_owned());
    }
    for file in &generated.files {
        let source = Source::new(file.name.as_str(), file.text.as_str());
        if let Some(dialect) = Dialect::by_name(file.name.as_ref()) {
            let found = (dialect.syntax)(&(dialect.parse)(&source));
            if let Some(fault) = found.iter().find(|one| one.severity == Severity::Error) {
                return Err(format!("{}: {}\n{}", file.name, fault.message, file.text));
            }
        }
    }
    Ok(())
}
