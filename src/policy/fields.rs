//! What the fields of a session are as texts. Must not know what is asked of them.

use std::borrow::Cow;

use super::pattern::Field;
use super::session::{At, ClientName, Recipient, Sender, Session};
use super::walk::{Looked, Spoken, Walk};

impl Walk<'_> {
    /// The field as a text; it is noted what was looked at.
    pub(super) fn field(&mut self, field: Field) -> Cow<'_, str> {
        let session = self.session;
        let (looked, text) = match field {
            Field::Recipient
            | Field::RecipientPath
            | Field::RecipientQuoted
            | Field::RecipientCommand => return self.recipient_text(field),
            Field::ClientName => (
                Looked::NAME,
                match &session.client.name {
                    ClientName::Verified(name) => name.as_str().into(),
                    _ => "".into(),
                },
            ),
            Field::ReverseName => (
                Looked::NAME,
                match &session.client.name {
                    ClientName::Verified(name) | ClientName::Forged(name) => name.as_str().into(),
                    _ => "".into(),
                },
            ),
            Field::Helo => (Looked::HELO, session.helo.as_str().into()),
            Field::Sender => (
                Looked::SENDER,
                match &session.sender {
                    Sender::Null => "".into(),
                    Sender::Address { local, domain } => format!("{local}@{domain}").into(),
                },
            ),
            Field::SenderDomain => (
                Looked::SENDER,
                match &session.sender {
                    Sender::Null => "".into(),
                    Sender::Address { domain, .. } => domain.as_str().into(),
                },
            ),
            Field::SenderLocal => (
                Looked::SENDER,
                match &session.sender {
                    Sender::Null => "".into(),
                    Sender::Address { local, .. } => local.as_str().into(),
                },
            ),
            Field::RecipientDomain => {
                self.look(Looked::AT);
                return self.recipient.at.spelled();
            }
            Field::RecipientLocal => {
                self.look(Looked::LOCAL);
                return Cow::Borrowed(&self.recipient.local);
            }
        };
        self.look(looked);
        text
    }

    /// A field that is put together from the parts of the recipient.
    fn recipient_text(&mut self, field: Field) -> Cow<'_, str> {
        let parts = Looked(Looked::AT.0 | Looked::LOCAL.0);
        self.look(match field {
            Field::RecipientPath | Field::RecipientCommand => Looked(parts.0 | Looked::ROUTE.0),
            _ => parts,
        });
        if !matches!(self.recipient, Spoken::Own(_)) {
            return Cow::Owned(text_of(field, &self.recipient, self.session));
        }
        let known = self.texts.iter().position(|(known, _)| *known == field);
        let at = known.unwrap_or_else(|| {
            let text = text_of(field, &self.recipient, self.session);
            self.texts.push((field, text));
            self.texts.len() - 1
        });
        Cow::Borrowed(&self.texts[at].1)
    }
}

/// What a field that is put together from the parts of a recipient is.
fn text_of(field: Field, recipient: &Recipient, session: &Session) -> String {
    match field {
        Field::RecipientPath => session.recipient.to_string(),
        Field::RecipientQuoted => {
            let plain = Recipient {
                route: None,
                ..Recipient::clone(recipient)
            };
            let text = spoken(&plain);
            let text = text.trim_start_matches('<').trim_end_matches('>');
            text.to_owned()
        }
        Field::RecipientCommand => format!("RCPT TO:{}", spoken(recipient)),
        _ => {
            let domain = recipient.at.spelled();
            if domain.is_empty() {
                recipient.local.clone()
            } else {
                format!("{}@{domain}", recipient.local)
            }
        }
    }
}

/// The recipient as it stands in RCPT, an own literal with an address.
fn spoken(recipient: &Recipient) -> String {
    let text = recipient.to_string();
    if recipient.at != At::OwnLiteral {
        return text;
    }
    let own = format!("@{}", At::OwnLiteral.spelled());
    text.replace("@[own]", &own)
}
