//! What a rule is. Must not know any rule.

use crate::findings::{Finding, Severity};
use crate::mta::{exim, postfix, sendmail};
use crate::rules::judged::Judged;

/// What a rule is about; each can be set like a rule of this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// How a file is written: what the daemon swallows or misreads.
    Syntax,
    /// Names of settings: unknown, removed, renamed, too new.
    Name,
    /// Values: wrong type, wrong word, out of range.
    Value,
    /// Names that one place gives and another uses: classes, lists, ACLs, drivers, services.
    Reference,
    /// Lookup tables and the files of lists.
    Table,
    /// Who may send through the server.
    Relay,
    /// Who is let in, in which order: restrictions, ACLs, rulesets, DNS lists.
    Access,
    /// AUTH.
    Auth,
    /// TLS.
    Tls,
    /// Ports, services, daemons.
    Listener,
    /// Known holes: smuggling, CVEs, tainted data, readable secrets.
    Security,
    /// Where mail goes: routing, aliases, smarthosts, what big providers demand.
    Delivery,
    /// What the server says it is: names, banners, masquerading.
    Identity,
    /// Sizes, times, rates, counts.
    Limits,
    /// Differences from the description.
    Drift,
    /// The description itself.
    Description,
    /// The linter's own settings and comments.
    Lint,
}

impl Group {
    /// Every group, in the order in which they are listed.
    pub const ALL: [Self; 17] = [
        Self::Syntax,
        Self::Name,
        Self::Value,
        Self::Reference,
        Self::Table,
        Self::Relay,
        Self::Access,
        Self::Auth,
        Self::Tls,
        Self::Listener,
        Self::Security,
        Self::Delivery,
        Self::Identity,
        Self::Limits,
        Self::Drift,
        Self::Description,
        Self::Lint,
    ];

    /// What it is about, in a sentence.
    pub fn about(self) -> &'static str {
        match self {
            Self::Syntax => "How a file is written: what the daemon swallows or misreads.",
            Self::Name => "Names of settings: unknown, removed, renamed, too new.",
            Self::Value => "Values: wrong type, wrong word, out of range.",
            Self::Reference => {
                "Names that one place gives and another uses: classes, lists, ACLs, drivers, services."
            }
            Self::Table => "Lookup tables and the files of lists.",
            Self::Relay => "Who may send through the server.",
            Self::Access => {
                "Who is let in, in which order: restrictions, ACLs, rulesets, DNS lists."
            }
            Self::Auth => "AUTH.",
            Self::Tls => "TLS.",
            Self::Listener => "Ports, services, daemons.",
            Self::Security => "Known holes: smuggling, CVEs, tainted data, readable secrets.",
            Self::Delivery => {
                "Where mail goes: routing, aliases, smarthosts, what big providers demand."
            }
            Self::Identity => "What the server says it is: names, banners, masquerading.",
            Self::Limits => "Sizes, times, rates, counts.",
            Self::Drift => "Differences from the description.",
            Self::Description => "The description itself.",
            Self::Lint => "The linter's own settings and comments.",
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Name => "name",
            Self::Value => "value",
            Self::Reference => "reference",
            Self::Table => "table",
            Self::Relay => "relay",
            Self::Access => "access",
            Self::Auth => "auth",
            Self::Tls => "tls",
            Self::Listener => "listener",
            Self::Security => "security",
            Self::Delivery => "delivery",
            Self::Identity => "identity",
            Self::Limits => "limits",
            Self::Drift => "drift",
            Self::Description => "description",
            Self::Lint => "lint",
        }
    }
}

/// Who finds what a rule is about.
#[derive(Clone, Copy, Debug)]
pub enum Finder {
    /// Whatever reads, lifts or compares the files notices it on the way.
    OnTheWay,
    /// This function looks for it in what a configuration does, whichever server it is for.
    Policy(fn(&Judged<'_>) -> Vec<Finding>),
    /// This function looks for it in Postfix's files.
    Postfix(fn(&postfix::Files<'_>) -> Vec<Finding>),
    /// This function looks for it in Exim's.
    Exim(fn(&exim::Files<'_>) -> Vec<Finding>),
    /// This function looks for it in Sendmail's.
    Sendmail(fn(&sendmail::Files<'_>) -> Vec<Finding>),
}

/// A rule: what is known of it before it looks at anything.
#[derive(Debug)]
pub struct Rule {
    /// Its name, in kebab-case: that of the bad pattern.
    pub name: &'static str,
    /// What it is about.
    pub group: Group,
    /// The worst that it reports, unless the user sets another level.
    pub severity: Severity,
    /// Whether it reports only on request: what is a matter of taste, or folklore.
    pub is_pedantic: bool,
    /// The release of smtpconf that brought it.
    pub since: &'static str,
    /// Its manual page, in Markdown, whose examples are its tests.
    pub page: &'static str,
    /// Who finds it; several where servers have it each in their own way.
    pub finders: &'static [Finder],
}

impl Rule {
    /// A rule of this release that is noticed on the way.
    pub const fn new(
        name: &'static str,
        group: Group,
        severity: Severity,
        page: &'static str,
    ) -> Self {
        Self {
            name,
            group,
            severity,
            is_pedantic: false,
            since: "0.1.0",
            page,
            finders: &[Finder::OnTheWay],
        }
    }

    /// The same rule, looked for by `finders`.
    #[must_use]
    pub const fn by(mut self, finders: &'static [Finder]) -> Self {
        self.finders = finders;
        self
    }

    /// The same rule, only on request.
    #[must_use]
    pub const fn pedantic(mut self) -> Self {
        self.is_pedantic = true;
        self
    }

    /// The first paragraph of its page, on one line.
    pub fn summary(&self) -> String {
        let body = self.page.split_once("\n\n").map_or("", |(_, body)| body);
        let first = body.split("\n\n").next().unwrap_or_default();
        first.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}
