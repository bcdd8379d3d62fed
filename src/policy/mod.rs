//! What an SMTP server does, said of no particular server: clauses that decide sessions, and facts.

mod atoms;
mod clause;
mod compare;
mod decide;
mod model;
mod partition;
mod pattern;
mod safety;
mod session;
mod walk;

pub use clause::{
    Accept, Authority, Clause, Guard, Inside, NameState, Opaque, Outcome, Reason, Rewrite, Stage,
};
pub use compare::{Difference, Drift, FactDifference, compare};
pub use decide::{Decision, Possible, Step, Verdict};
pub use model::{
    Alias, Auth, AuthBackend, Certificate, ClientMechanism, Dkim, Dnsbl, Endpoint, Fact, Facts,
    Host, Limits, Listener, ListenerTls, Policy, RelayDomain, Role, Smarthost, SmarthostTls,
    Stated, Store, Tables, TlsProfile, VirtualDomain,
};
pub use partition::Space;
pub use pattern::{Expression, Field, Patterns};
pub use safety::{Hole, Surroundings, assumptions};
pub use session::{
    At, Client, ClientCertificate, ClientName, Mechanism, Recipient, Sender, Session, Source,
};
pub use walk::{Environment, Looked, Truth};
