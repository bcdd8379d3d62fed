//! How people log in, checked. Must not know where they may.

use super::path::FilePath;
use super::raw::{RawAuth, RawBackend, RawStore};
use super::validate::Check;
use super::yaml::{Node, Short};
use crate::findings::Severity;
use crate::net::Fault;
use crate::policy::{Auth, AuthBackend, Mechanism, Stated};

impl Check<'_> {
    /// The backend with its mechanisms.
    pub fn auth(&mut self, node: &Node<Short<RawBackend, RawAuth>>) -> Option<Stated<Auth>> {
        let all = || vec![Mechanism::Plain, Mechanism::Login];
        let auth = match node.value.as_ref()? {
            Short::Word(RawBackend::Cyrus) => Auth {
                backend: AuthBackend::CyrusSaslauthd,
                mechanisms: all(),
            },
            Short::Word(RawBackend::Dovecot) => {
                self.missing(
                    node.span,
                    "socket",
                    "auth: {backend: dovecot, socket: /run/dovecot/auth-client}",
                );
                return None;
            }
            Short::Word(RawBackend::File) => {
                self.missing(
                    node.span,
                    "path",
                    "auth: {backend: file, path: /etc/mail/passwords}",
                );
                return None;
            }
            Short::Keys(raw) => {
                let backend = self.backend(node, raw);
                let mechanisms = match &raw.mechanisms {
                    Some(list) => self.mechanisms(list),
                    None => Some(all()),
                };
                Auth {
                    backend: backend?,
                    mechanisms: mechanisms?,
                }
            }
        };
        Some(self.stated(auth, node.span))
    }

    fn backend(
        &mut self,
        node: &Node<Short<RawBackend, RawAuth>>,
        raw: &RawAuth,
    ) -> Option<AuthBackend> {
        let Some(backend) = &raw.backend else {
            self.missing(node.span, "backend", "backend: cyrus");
            return None;
        };
        let backend = backend.value?;
        if backend != RawBackend::Cyrus {
            self.useless(raw.store.as_ref(), "store", "it is for `backend: cyrus`");
        }
        if backend != RawBackend::Dovecot {
            self.useless(
                raw.socket.as_ref(),
                "socket",
                "it is for `backend: dovecot`",
            );
        }
        if backend != RawBackend::File {
            self.useless(raw.path.as_ref(), "path", "it is for `backend: file`");
        }
        let wanted = |path: &Option<Node<String>>, key: &str, check: &mut Self, example: &str| {
            let Some(path) = path else {
                check.missing(node.span, key, example);
                return None;
            };
            let path = check.parse(path, FilePath::parse)?;
            Some(path.value.as_str().to_owned())
        };
        Some(match backend {
            RawBackend::Cyrus => match raw.store.as_ref().map(|store| store.value) {
                None | Some(Some(RawStore::Saslauthd)) => AuthBackend::CyrusSaslauthd,
                Some(Some(RawStore::Sasldb)) => AuthBackend::CyrusSasldb,
                Some(None) => return None,
            },
            RawBackend::Dovecot => AuthBackend::Dovecot(wanted(
                &raw.socket,
                "socket",
                self,
                "socket: /run/dovecot/auth-client",
            )?),
            RawBackend::File => AuthBackend::File(wanted(
                &raw.path,
                "path",
                self,
                "path: /etc/mail/passwords",
            )?),
        })
    }

    fn mechanisms(&mut self, list: &Node<Vec<Node<String>>>) -> Option<Vec<Mechanism>> {
        let read = |text: &str| {
            match text.to_ascii_uppercase().as_str() {
            "PLAIN" => Ok(Mechanism::Plain),
            "LOGIN" => Ok(Mechanism::Login),
            _ => Err(Fault::new(
                "unknown-value",
                0..text.len(),
                format!("`{}` is not a mechanism that is offered here", text.escape_debug()),
            )
            .help("PLAIN and LOGIN are: inside TLS they are as safe as those that hide the password, and the server need not keep it in clear")),
        }
        };
        let items = list.value.as_ref()?;
        let parsed: Option<Vec<_>> = items
            .iter()
            .map(|item| self.parse(item, read))
            .collect::<Vec<_>>()
            .into_iter()
            .collect();
        let unique = self.unique(
            parsed?,
            |mechanism| *mechanism,
            Severity::Error,
            "duplicate-entry",
            |mechanism| format!("{} stands twice", mechanism.name()),
        );
        if unique.is_empty() {
            self.error(
                "missing-value",
                list.span,
                "no mechanism is named: nobody could log in",
                "write `mechanisms: [PLAIN, LOGIN]`, or leave it out",
            );
            return None;
        }
        Some(unique.into_iter().map(|item| item.value).collect())
    }
}
