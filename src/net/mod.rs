//! Names and addresses of the Internet, each read strictly and with its fault under the very
//! characters. Must not know mail, findings or any file format.

mod domain;
mod fault;
mod network;
mod ranges;

pub use domain::Domain;
pub use fault::{Fault, shown};
pub use network::{Network, special_use};
pub use ranges::{AddressSet, cells};
