//! The name that the server gives itself, and its signature, as big receivers see them.

use crate::findings::{Certainty, Finding, Severity};
use crate::policy::Role;
use crate::rules::judged::Judged;

/// What names of networks end in that are not on the Internet: RFC 6762 (`local`), RFC 8375
/// (`home.arpa`), RFC 2606 and RFC 6761 (`test`, `invalid`, `localhost`), ICANN's resolution of
/// 2024-07-29 (`internal`), and what people took for such.
const PRIVATE: &[&str] = &[
    "corp",
    "home",
    "home.arpa",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "private",
    "test",
];

/// A name that no other server can look up.
pub fn private_name(judged: &Judged<'_>) -> Vec<Finding> {
    let policy = &judged.lifted.policy;
    let (hostname, stated) = (&policy.facts.hostname, policy.stated.get("hostname"));
    let ends_in = |end: &&&str| {
        let front = hostname.as_str().strip_suffix(**end);
        front.is_some_and(|front| front.ends_with('.'))
    };
    let Some(end) = PRIVATE.iter().find(ends_in) else {
        return Vec::new();
    };
    let Some(place) = stated.filter(|_| sends_itself(judged)) else {
        return Vec::new();
    };
    let message = format!(
        "the server says `{hostname}` in EHLO, and no other server can look up a name in `{end}`: \
         many refuse it, or take the mail for spam"
    );
    let told = judged.finding(Severity::Warning, "private-hostname", Some(place), message);
    vec![told.help("use the name that the PTR record of its address gives")]
}

/// Mail for everybody that is signed by nothing that can be seen here.
pub fn unsigned(judged: &Judged<'_>) -> Vec<Finding> {
    let policy = &judged.lifted.policy;
    let facts = &policy.facts;
    let is_seen = ["dkim", "dkim socket", "milters", "spam filter"]
        .iter()
        .any(|fact| policy.unknown.contains_key(fact));
    let may_be_signed =
        facts.dkim.is_some() || facts.spam_filter.is_some() || !facts.milters.is_empty() || is_seen;
    if may_be_signed || !sends_itself(judged) {
        return Vec::new();
    }
    let message = "nothing here signs outgoing mail with DKIM: Gmail, Yahoo and Outlook take mail \
                   without SPF or DKIM for spam, and ask big senders for both";
    let told = judged.finding(Severity::Note, "unsigned-mail", None, message);
    vec![told.certainty(Certainty::Likely).help(
        "sign with OpenDKIM or Rspamd, or in Exim itself; see also the records for SPF and DMARC",
    )]
}

/// Whether it sends to other servers by their MX records: it serves others, and no smarthost is
/// named.
fn sends_itself(judged: &Judged<'_>) -> bool {
    let policy = &judged.lifted.policy;
    judged.lifted.through.is_none()
        && policy.facts.smarthost.is_none()
        && !policy.unknown.contains_key("smarthost")
        && policy
            .listeners
            .iter()
            .any(|listener| listener.role == Role::Mx && listener.is_public())
}
