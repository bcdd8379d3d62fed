//! What an SMTP server does, said of no particular server: clauses that decide sessions, and facts.

mod atoms;
mod clause;
mod compare;
mod decide;
mod facts;
mod fields;
mod listener;
mod model;
mod partition;
mod pattern;
mod representatives;
mod safety;
mod session;
mod told;
mod walk;

pub use clause::{
    Accept, Authority, Clause, Guard, Inside, NameState, Opaque, Outcome, Reason, Rewrite, Stage,
};
pub use compare::{Difference, Drift, FactDifference, compare};
pub use decide::{Decision, Possible, Step, Verdict};
pub use facts::{
    Alias, Auth, AuthBackend, Certificate, ClientMechanism, Dkim, Dnsbl, Endpoint, Facts, Host,
    Limits, RelayDomain, Smarthost, SmarthostTls, Stated, Store, Tables, VirtualDomain,
};
pub use listener::{InClear, Listener, ListenerTls, Role, TlsProfile};
pub use model::{Fact, Policy};
pub use partition::Space;
pub use pattern::{Expression, Field, Patterns};
pub use safety::{Hole, Surroundings, assumptions};
pub use session::{
    At, Client, ClientCertificate, ClientName, Mechanism, Recipient, Sender, Session, Source,
};
pub use walk::{Environment, Looked, Truth};
