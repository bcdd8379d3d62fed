//! The restrictions that permit (postconf(5), `permit_…`).

use std::sync::Arc;

use super::list::{Around, List};
use super::logic::both;
use super::values::Word;
use crate::policy::{Authority, Expression, Field, Guard, Outcome, Patterns, Reason};

impl List<'_> {
    /// Takes down a restriction that permits.
    pub fn permits(&mut self, lower: &str, argument: Option<&Word>, at: &Around) {
        let lists = self.lists;
        let zone = argument.map_or("", |argument| argument.text.as_str());
        match lower {
            "permit" => self.permit(Guard::Always, at),
            "permit_mynetworks" => {
                let fault = lists.networks.fault.clone();
                self.push(fault, Outcome::TempFail(Reason::Configuration), at);
                self.permit(lists.networks.hit.clone(), at);
            }
            "permit_inet_interfaces" => self.permit(lists.interfaces.clone(), at),
            "permit_sasl_authenticated" => self.permit(Guard::Authenticated, at),
            "permit_auth_destination" => {
                self.failing(at);
                self.permit(lists.classes.authorized(), at);
            }
            "permit_tls_clientcerts" => {
                let maps = lists.values.words("relay_clientcerts", Some(lists.service));
                if lists.certificates && !maps.is_empty() {
                    self.permit(Guard::Certificate(Authority::Private), at);
                }
            }
            "permit_tls_all_clientcerts" if lists.certificates => {
                let guard = self.any_certificate(at);
                self.permit(guard, at);
            }
            "permit_tls_all_clientcerts" => {}
            "permit_mx_backup" => {
                let hit = "the recipient's domain names this server as a lesser MX".to_owned();
                let guard = Self::opaque(
                    "dns",
                    "permit_mx_backup",
                    hit,
                    "it is asked over DNS",
                    None,
                    at,
                );
                let guard = Guard::Any(vec![lists.classes.authorized(), guard]);
                self.permit(guard, at);
            }
            "permit_dnswl_client" | "permit_rhswl_client" => {
                let guard = Self::opaque(
                    "dnswl",
                    zone,
                    format!("`{zone}` lists the client"),
                    "it is asked over DNS",
                    Some(false),
                    at,
                );
                self.permit(both(lists.classes.authorized(), guard), at);
            }
            "permit_naked_ip_address" if !lists.values.dictionary.version.is_at_least(&[3, 9]) => {
                let patterns = Patterns {
                    expressions: vec![Expression::known(r"^[0-9.]+$", true)],
                    ..Patterns::default()
                };
                self.permit(Guard::Matches(Field::Helo, Arc::new(patterns)), at);
            }
            _ => self.broken(at, &format!("unknown smtpd restriction: `{lower}`")),
        }
    }

    /// Clients with a certificate of an authority that is trusted here.
    fn any_certificate(&self, at: &Around) -> Guard {
        let values = self.lists.values;
        let of = |name: &str| values.decides(name, Some(self.lists.service));
        let (file, folder) = (of("smtpd_tls_CAfile"), of("smtpd_tls_CApath"));
        let is_bundle = |path: &str| {
            [
                "ca-certificates",
                "ca-bundle",
                "/etc/ssl/certs",
                "/etc/pki/tls",
                "cert.pem",
            ]
            .iter()
            .any(|known| path.contains(known))
        };
        let public = Guard::Certificate(Authority::Public);
        let private = Guard::Certificate(Authority::Private);
        if values.flag("tls_append_default_CA", Some(self.lists.service))
            || is_bundle(&file)
            || is_bundle(&folder)
        {
            return Guard::Any(vec![private, public]);
        }
        let name = if file.is_empty() { folder } else { file };
        if name.is_empty() {
            return private;
        }
        let hit = format!("`{name}` holds a public authority");
        let opaque = Self::opaque("certificate", &name, hit, "it is not read", None, at);
        Guard::Any(vec![private, both(public, opaque)])
    }
}
