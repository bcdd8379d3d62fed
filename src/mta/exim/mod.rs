//! stub
use super::{Generated, Heading};
use crate::findings::Finding;
use crate::policy::Policy;
pub fn generate(_: &Policy, _: &Heading) -> Result<Generated, Vec<Finding>> {
    Err(vec![])
}
