//! What is known while something is evaluated: the configuration, the listener, how far the
//! session is, and whose address is looked at. Must not know how anything is evaluated.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use super::expand::Cases;
use super::logic::Answer;
use crate::mta::Use;
use crate::mta::config::World;
use crate::mta::exim::running::{Opt, Running, find};
use crate::policy::{Guard, Opaque, Patterns};
use crate::text::{Place, Source};

/// Variables of ACLs with the values that are set; none where one cannot be told.
pub type Variables = BTreeMap<String, Option<BTreeSet<String>>>;

/// The configuration, for all listeners.
#[derive(Debug)]
pub struct Shared<'a> {
    /// The configuration.
    pub running: &'a Running,
    /// What it is read with.
    pub world: &'a World<'a>,
    /// `primary_hostname`, if it is known.
    pub hostname: Option<String>,
    /// The keys of tables that were read, by the items that name them.
    pub tables: RefCell<BTreeMap<String, Arc<Patterns>>>,
    /// The settings that were looked at to decide.
    pub used: RefCell<BTreeMap<(String, String), Use>>,
    /// How many guards the answers of ACLs and lists may still have that others call.
    pub left: Cell<usize>,
}

/// So many guards they may have in all: where each calls the next one twice, they double.
pub const MOST: usize = 200_000;

impl Shared<'_> {
    /// The option `name` of the main section; it bears on what is accepted.
    pub fn decides(&self, name: &str) -> Option<&Opt> {
        let option = find(&self.running.main, name)?;
        self.note("", option.known.name(), Use::Decides);
        Some(option)
    }

    /// Its value, set or by default.
    pub fn value(&self, name: &str) -> Option<String> {
        let version = self.world.version;
        let default = || {
            crate::mta::exim::catalogue::option("main", name, version)
                .and_then(|known| known.default(version))
        };
        self.decides(name)
            .map(|option| option.value.clone())
            .or_else(|| default().map(str::to_owned))
    }

    /// Notes what a setting is good for.
    pub fn note(&self, scope: &str, name: &str, is: Use) {
        let mut used = self.used.borrow_mut();
        let known = used
            .entry((scope.to_owned(), name.to_owned()))
            .or_insert(is);
        *known = is.max(*known);
    }

    /// The answer of the ACL or list `what` that another one calls; once these have grown too
    /// large, it is not known.
    pub fn called(
        &self,
        kind: &'static str,
        what: &str,
        answer: impl FnOnce() -> Answer,
    ) -> Answer {
        if self.left.get() == 0 {
            let hit = format!("the {kind} `{what}` is met");
            let reason = "ACLs and lists call each other too often to be followed";
            return Answer::when(opaque("expansion", what, hit, reason, None, None));
        }
        let answer = answer();
        let mut size = 1;
        for guard in [&answer.yes, &answer.defer, &answer.error] {
            guard.walk(&mut |_| size += 1);
        }
        self.left.set(self.left.get().saturating_sub(size));
        answer
    }

    /// A file of the configuration.
    pub fn file(&self, path: &str) -> Result<Arc<Source>, crate::text::Unread> {
        self.world.files.read(path, Path::new("/"))
    }
}

/// How far a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The client has connected.
    Connect,
    /// It has said EHLO.
    Helo,
    /// It has named the sender.
    Mail,
    /// It has named the recipient.
    Rcpt,
}

/// Whose address `$domain` and `$local_part` are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The recipient's.
    Recipient,
    /// The sender's.
    Sender,
    /// This one.
    Fixed(String, String),
}

/// What is known while something is evaluated.
#[derive(Clone, Debug)]
pub struct Scene<'a> {
    /// The configuration.
    pub shared: &'a Shared<'a>,
    /// The port that was called.
    pub port: u16,
    /// The address that was called, if it can be but one.
    pub address: Option<IpAddr>,
    /// Whether the session is inside TLS.
    pub tls: Guard,
    /// Whether the client has logged in.
    pub auth: Guard,
    /// Whether it has shown a certificate that was found good.
    pub certificate: Guard,
    /// How far the session is.
    pub phase: Phase,
    /// Whose address is looked at.
    pub subject: Subject,
    /// Whether a mailbox exists, where routers ask for it; none outside of routers.
    pub known: Option<Guard>,
    /// Whether `$1` is what stands in the brackets of the recipient's address literal.
    pub literal: bool,
    /// The arguments of the ACL.
    pub arguments: Vec<Cases>,
    /// The variables of ACLs.
    pub variables: &'a Variables,
    /// How deep ACLs, lists and addresses are nested.
    pub depth: usize,
}

/// So deep nests nothing that works: Exim stops at 20 ACLs.
pub const DEEPEST: usize = 20;

impl Scene<'_> {
    /// One level further down; none where that is too deep.
    pub fn deeper(&self) -> Option<Self> {
        (self.depth < DEEPEST).then(|| Self {
            depth: self.depth + 1,
            ..self.clone()
        })
    }
}

/// A question that is not answered here.
pub fn opaque(
    kind: &'static str,
    name: impl Into<String>,
    hit: impl Into<String>,
    reason: impl Into<String>,
    usual: Option<bool>,
    origin: Option<&Place>,
) -> Guard {
    Guard::Opaque(Arc::new(Opaque {
        kind,
        name: name.into(),
        hit: hit.into(),
        reason: reason.into(),
        usual,
        origin: origin.cloned(),
    }))
}
