//! From a description to the files of one server. Must not know where the files go.

use crate::description::{self, Description, Spanned};
use crate::findings::{Finding, Severity};
use crate::mta::{Generated, Server, Target};

/// The files that make the server `target` do what `description` says.
///
/// # Errors
/// Why this server cannot do it, each reason at the place of the description that asks for it.
pub fn generate(description: &Description, target: Target) -> Result<Generated, Vec<Finding>> {
    target.generate(
        &description::lower(description),
        env!("CARGO_PKG_VERSION"),
        description.hash(),
    )
}

/// A server with the folder of its files, relative to the description's.
pub type Output = (Target, String);

/// The servers of the description's `targets`, in the order written.
///
/// # Errors
/// Servers and versions that are not known, all of them.
pub fn outputs(description: &Description) -> Result<Vec<Output>, Vec<Finding>> {
    let mut findings = Vec::new();
    let mut outputs = Vec::new();
    for output in &description.outputs {
        let (name, span) = match &output.version {
            Some(version) => (
                format!("{}@{}", output.server.value, version.value),
                version.span,
            ),
            None => (output.server.value.clone(), output.server.span),
        };
        match Target::parse(&name, platform(description)) {
            Ok(target) => outputs.push((target, output.into.value.clone())),
            Err(message) => {
                let known = Server::named(&output.server.value).is_some();
                let span = if known { span } else { output.server.span };
                let source = &description.source;
                let finding =
                    Finding::new(Severity::Error, "unknown-target", source, span, message);
                findings.push(finding);
            }
        }
    }
    if findings.is_empty() {
        Ok(outputs)
    } else {
        Err(findings)
    }
}

/// The platform that the description names, else Debian 12.
pub fn platform(description: &Description) -> &'static str {
    description
        .platform
        .as_ref()
        .map_or("debian-12", |Spanned { value, .. }| *value)
}
