//! Which parts of the library of m4 macros a sendmail.cf was made with, told from its lines. Must
//! not know how m4 makes them.

use super::catalogue;
use super::cf::Model;
use crate::mta::Version;
use crate::text::Place;

/// Features that leave a map of this name.
const MAPS: &[(&str, &str)] = &[
    ("access", "access_db"),
    ("authinfo", "authinfo"),
    ("bcctable", "bcc"),
    ("bestmx", "bestmx_is_local"),
    ("bitdomain", "bitdomain"),
    ("dnsbl", "dnsbl"),
    ("domaintable", "domaintable"),
    ("drac", "drac"),
    ("ednsbl", "enhdnsbl"),
    ("generics", "genericstable"),
    ("ldapmra", "ldap_routing"),
    ("mailertable", "mailertable"),
    ("mtamark", "mtamark"),
    ("mxlist", "badmx"),
    ("mxserved", "relay_based_on_MX"),
    ("sts", "sts"),
    ("uudomain", "uucpdomain"),
    ("virtuser", "virtusertable"),
];

/// What the lines tell for certain: the kind, the name, and where; each once.
pub fn told(model: &Model, version: Version) -> Vec<(&'static str, String, Option<Place>)> {
    let mut found: Vec<(&'static str, String, Option<Place>)> = Vec::new();
    let mut add = |kind: &'static str, name: &str, place: Option<Place>| {
        if !found.iter().any(|(k, n, _)| *k == kind && n == name) {
            found.push((kind, name.to_owned(), place));
        }
    };
    for (name, place) in &model.library {
        let row = catalogue::features().get(name);
        if row.is_some_and(|row| catalogue::has(row, version)) {
            add("feature", name, place.clone());
        } else if catalogue::mailers().get(name).is_some() {
            add("mailer", name, place.clone());
        } else if catalogue::ostypes().get(name).is_some() {
            add("ostype", name, place.clone());
        } else if catalogue::effects()
            .get(&format!("DOMAIN {name}"))
            .is_some()
        {
            add("domain", name, place.clone());
        }
    }
    for map in &model.maps {
        if let Some((_, feature)) = MAPS.iter().find(|(name, _)| *name == map.name) {
            add("feature", feature, map.place.clone());
        }
    }
    for class in model.classes.iter().filter(|class| class.name == "P") {
        if class.value.as_deref() == Some("REDIRECT") {
            add("feature", "redirect", class.place.clone());
        }
    }
    for file in &model.class_files {
        match file.name.as_str() {
            "w" => add("feature", "use_cw_file", file.place.clone()),
            "t" => add("feature", "use_ct_file", file.place.clone()),
            _ => {}
        }
    }
    let delayed = model.rulesets.iter().find(|set| set.name == "checkrelay");
    if let Some(set) = delayed {
        add("feature", "delay_checks", set.place.clone());
    }
    found
}
