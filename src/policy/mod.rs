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
pub use model::{AuthBackend, Certificate, Facts, Listener, ListenerTls, Policy, Role, Stated};
pub use partition::{Sessions, Space};
pub use session::{At, Client, ClientName, Mechanism, Recipient, Sender, Session, Source};
