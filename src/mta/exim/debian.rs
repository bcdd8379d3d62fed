//! Debian's configuration in parts: the files below conf.d, or the template, with the answers of
//! update-exim4.conf.conf as macros (update-exim4.conf(8)). Must not know what the parts mean.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::answers::Answers;
use super::reader::Segment;
use crate::findings::{Finding, Severity};
use crate::mta::config::{Gap, World};
use crate::text::{Place, Source, Span};

const ANSWERS: &str = "update-exim4.conf.conf";
const TEMPLATE: &str = "exim4.conf.template";
const LOCAL_MACROS: &str = "exim4.conf.localmacros";

/// Behind the line that begins so, the macros are put.
const MARK: &str = "UPEX4CmacrosUPEX4C";

/// The folders below conf.d, in order.
const FOLDERS: [&str; 7] = [
    "main",
    "acl",
    "router",
    "transport",
    "retry",
    "rewrite",
    "auth",
];

/// What makes up a configuration.
#[derive(Debug)]
pub(crate) struct Parts {
    /// Its lines.
    pub segments: VecDeque<Segment>,
    /// What is not known.
    pub gaps: Vec<Gap>,
    /// What is wrong with the parts.
    pub findings: Vec<Finding>,
    /// From where relative includes are read.
    pub folder: PathBuf,
}

/// The configuration that a file belongs to; `None` where it is one by itself.
pub(crate) fn parts(source: &Arc<Source>, world: &World<'_>) -> Option<Parts> {
    let path = Path::new(source.name());
    let name = path.file_name()?.to_str()?;
    let above = path.parent()?;
    let of_conf_d = above.parent().filter(|folder| folder.ends_with("conf.d"));
    let folder = match of_conf_d {
        Some(conf_d) => conf_d.parent()?,
        None if name == ANSWERS || name == TEMPLATE => above,
        None => return None,
    };
    let answers = if name == ANSWERS {
        Arc::clone(source)
    } else {
        match world.files.read(ANSWERS, folder) {
            Ok(answers) => answers,
            // A template by itself is a configuration like any other; a part is not.
            Err(_) if of_conf_d.is_none() => return None,
            Err(reason) => {
                let mut parts = Parts::new(folder);
                parts.gap(None, format!("`{ANSWERS}` was not read: {reason}."));
                parts.split(source, world, &[]);
                return Some(parts);
            }
        }
    };
    let mut parts = Parts::new(folder);
    let answers = Answers::read(&answers, &mut parts.gaps);
    let macros = answers.macros(world, &mut parts.gaps);
    let split = match name {
        TEMPLATE => false,
        ANSWERS => answers.get("dc_use_split_config").to_lowercase() == "true",
        _ => true,
    };
    if split {
        parts.split(source, world, &macros);
    } else {
        parts.whole(source, world, &macros);
    }
    Some(parts)
}

impl Parts {
    fn new(folder: &Path) -> Self {
        Self {
            segments: VecDeque::new(),
            gaps: Vec::new(),
            findings: Vec::new(),
            folder: folder.to_path_buf(),
        }
    }

    /// Adds what is not known.
    pub fn gap(&mut self, place: Option<Place>, reason: String) {
        self.gaps.push(Gap { place, reason });
    }

    /// The template, behind the macros of the user's own.
    fn whole(&mut self, source: &Arc<Source>, world: &World<'_>, macros: &[(String, Place)]) {
        if let Ok(own) = world.files.read(LOCAL_MACROS, &self.folder) {
            self.put(&own, macros);
        }
        let folder = self.folder.clone();
        match self.file(TEMPLATE, &folder, source, world) {
            Some(template) => self.put(&template, macros),
            None => self.segments.clear(),
        }
    }

    /// The files below conf.d, in the order of their names' bytes.
    fn split(&mut self, source: &Arc<Source>, world: &World<'_>, macros: &[(String, Place)]) {
        for name in FOLDERS {
            let folder = self.folder.join("conf.d").join(name);
            let names = match world
                .files
                .list(&folder.display().to_string(), Path::new(""))
            {
                Ok(names) => names,
                Err(reason) => {
                    self.gap(
                        None,
                        format!("The folder `{}` was not read: {reason}.", folder.display()),
                    );
                    continue;
                }
            };
            for name in &names {
                if !is_part(name) {
                    self.passed_over(name, &names, &folder, world);
                    continue;
                }
                let instead = format!("{name}.rul");
                let name = if names.contains(&instead) {
                    &instead
                } else {
                    name
                };
                if let Some(part) = self.file(name, &folder, source, world) {
                    self.put(&part, macros);
                    // An empty line is put behind each part, which ends a line that would go on.
                    let end = Span::new(part.text().len(), part.text().len());
                    self.segments.push_back(Segment::Made(vec![(
                        "\n".to_owned(),
                        Place::new(&part, end),
                    )]));
                }
            }
        }
    }

    fn passed_over(&mut self, name: &str, names: &[String], folder: &Path, world: &World<'_>) {
        let replaces = name
            .strip_suffix(".rul")
            .is_some_and(|base| is_part(base) && names.iter().any(|name| name == base));
        if replaces || name.contains(".dpkg-") || name.ends_with('~') {
            return;
        }
        if let Ok(part) = world.files.read(name, folder) {
            let first = part.line_span(0);
            self.findings.push(
                Finding::new(
                    Severity::Warning,
                    "ignored-file",
                    &part,
                    first,
                    format!("`{name}` is not read: only files are whose names hold letters, digits, `_` and `-` alone"),
                )
                .help("rename it"),
            );
        }
    }

    fn file(
        &mut self,
        name: &str,
        folder: &Path,
        source: &Arc<Source>,
        world: &World<'_>,
    ) -> Option<Arc<Source>> {
        let path = folder.join(name);
        if path == Path::new(source.name()) {
            return Some(Arc::clone(source));
        }
        match world.files.read(name, folder) {
            Ok(part) => Some(part),
            Err(reason) => {
                self.gap(
                    None,
                    format!("`{}` was not read: {reason}.", path.display()),
                );
                None
            }
        }
    }

    /// Adds a file, with the macros behind each line that asks for them.
    fn put(&mut self, file: &Arc<Source>, macros: &[(String, Place)]) {
        let mut start = 0;
        let mut at = 0;
        for line in file.text().split_inclusive('\n') {
            at += line.len();
            if line.starts_with(MARK) && !macros.is_empty() {
                self.segments
                    .push_back(Segment::File(Arc::clone(file), Span::new(start, at)));
                self.segments.push_back(Segment::Made(macros.to_vec()));
                start = at;
            }
        }
        self.segments
            .push_back(Segment::File(Arc::clone(file), Span::new(start, at)));
    }
}

fn is_part(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mta::Version;
    use crate::mta::exim::resolve::resolve;
    use crate::text::{Scope, Snapshot};
    use std::fs;

    #[test]
    fn parts_are_read_as_one_with_their_places() {
        let folder = std::env::temp_dir().join(format!("smtpconf-parts-{}", std::process::id()));
        for (name, text) in [
            (
                "update-exim4.conf.conf",
                "# c\ndc_eximconfig_configtype='internet'\ndc_other_hostnames='A.example;b.example'\ndc_relay_nets='192.0.2.0/24'\ndc_use_split_config='true'\nMAIN_OWN=X\n",
            ),
            ("conf.d/main/01_macros", "UPEX4CmacrosUPEX4C = 1\n"),
            (
                "conf.d/main/02_options",
                "domainlist local_domains = MAIN_LOCAL_DOMAINS\nhostlist relay = MAIN_RELAY_NETS\nsmtp_banner = MAIN_OWN \\",
            ),
            ("conf.d/main/03_options.conf", "smtp_accept_max = 3\n"),
            ("conf.d/acl/20_rcpt", "begin acl\n"),
            ("conf.d/acl/20_rcpt.rul", "begin acl\na:\n  accept\n"),
            ("conf.d/router/00_header", "begin routers\n"),
            ("conf.d/router/10_b", "b:\n  driver = acept\n"),
        ] {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let files = Snapshot::new(Scope::Below(folder.clone()));
        let world = World::new(&files, Version::new(&[4, 96]));
        for given in ["update-exim4.conf.conf", "conf.d/router/10_b"] {
            let source = files.read(given, &folder).unwrap();
            let config = resolve(&source, &world);
            let value = |name: &str| {
                let found = config.settings.iter().find(|setting| setting.name == name);
                found
                    .and_then(|setting| setting.value.clone())
                    .unwrap_or_default()
            };
            assert_eq!(
                value("domainlist local_domains"),
                "@:localhost:a.example:b.example"
            );
            assert_eq!(value("hostlist relay"), "192.0.2.0/24 : 127.0.0.1 : ::::1");
            assert_eq!(value("smtp_banner"), "x");
            assert!(
                config
                    .settings
                    .iter()
                    .any(|setting| setting.scope == "acl a")
            );
            let found: Vec<_> = config
                .findings
                .iter()
                .map(|finding| {
                    let name = finding.labels[0].place.source.name().to_owned();
                    (finding.rule, name.rsplit('/').next().unwrap().to_owned())
                })
                .collect();
            assert_eq!(
                found,
                [
                    ("ignored-file", "03_options.conf".to_owned()),
                    ("unknown-driver", "10_b".to_owned())
                ]
            );
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
