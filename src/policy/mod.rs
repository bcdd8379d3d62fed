//! What an SMTP server does, said of no particular server: clauses that decide sessions, and facts.

mod clause;
mod compare;
mod decide;
mod model;
mod partition;
mod session;

pub use clause::{Clause, Guard, Outcome, Reason};
pub use compare::{Difference, Drift, FactDifference, compare};
pub use decide::{Accept, Decision, Step, Verdict};
pub use model::{
    Alias, Auth, AuthBackend, Certificate, ClientMechanism, Dkim, Dnsbl, Endpoint, Facts, Host,
    Limits, Listener, ListenerTls, Policy, RelayDomain, Role, Smarthost, SmarthostTls, Stated,
    Store, Tables, TlsProfile, VirtualDomain,
};
pub use partition::{Sessions, Space};
pub use session::{At, Client, ClientName, Mechanism, Recipient, Sender, Session, Source};
