//! A configuration that is judged by what it does, and with what. Must not know any rule.

use std::sync::Arc;

use crate::findings::{Finding, Severity};
use crate::mta::Lifted;
use crate::policy::{Environment, Policy, Space, Surroundings};
use crate::text::{Place, Source, Span};

/// With what a configuration is judged, beside its own files.
#[derive(Debug, Default)]
pub struct Asking {
    /// What stands between the server and its clients.
    pub surroundings: Surroundings,
    /// What is answered where it cannot be evaluated.
    pub environment: Environment,
    /// What a description demands of the configuration.
    pub wanted: Option<Policy>,
}

/// A configuration that is judged.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// The file that it begins with.
    pub source: &'a Arc<Source>,
    /// What it does.
    pub lifted: &'a Lifted,
    /// The sessions that it tells apart.
    pub space: &'a Space,
    /// With what it is judged.
    pub asking: &'a Asking,
}

impl Judged<'_> {
    /// A finding at `place`, or where the first listener is written: the same place whichever file
    /// of the configuration is looked at.
    pub fn finding(
        &self,
        severity: Severity,
        rule: &'static str,
        place: Option<&Place>,
        message: impl Into<String>,
    ) -> Finding {
        let first = self.lifted.policy.listeners.first();
        match place.or(first.and_then(|listener| listener.origin.as_ref())) {
            Some(place) => Finding::new(severity, rule, &place.source, place.span, message),
            None => Finding::new(severity, rule, self.source, Span::new(0, 0), message),
        }
    }
}
