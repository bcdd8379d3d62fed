//! Generated files use no name that the server's version does not know, held against the catalogues
//! in `schemas/`: for the versions that the lab cannot run. Values are not looked at, nor are ACLs
//! and rulesets.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use smtpconf::description;
use smtpconf::generate::generate;
use smtpconf::mta::{File, Server, Target, Version};
use smtpconf::text::Source;

/// A name, and what it may be: kinds, each with the name that the catalogue has there.
type Use = (String, Vec<(String, String)>);

#[test]
fn generated_files_use_only_names_that_the_version_knows() {
    let mut faults = BTreeSet::new();
    let mut generated_for = BTreeSet::new();
    for server in Server::ALL {
        let catalogue = catalogue(server);
        for version in versions(server) {
            let target = Target::new(server, version).unwrap();
            for (name, text) in descriptions() {
                let (description, findings) = description::read(&Source::new(&*name, &*text));
                let description = description.unwrap_or_else(|| panic!("{name}: {findings:?}"));
                // What a version cannot do it refuses, which is right too.
                let Ok(generated) = generate(&description, target) else {
                    continue;
                };
                generated_for.insert(target.to_string());
                for name in unknown(server, version, &catalogue, &generated.files) {
                    faults.insert(format!("{target}: {name}"));
                }
            }
        }
    }
    let all = Server::ALL.into_iter().map(|server| versions(server).len());
    assert_eq!(generated_for.len(), all.sum::<usize>());
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_wrong_name_is_found() {
    let found = |server, version: &[u16], name: &str, text: &str| {
        let file = File {
            name: name.into(),
            text: text.into(),
        };
        unknown(server, Version::new(version), &catalogue(server), &[file])
    };
    let main_cf = "# x = 1\nmyhostname = a\nlist =\n  $myhostnam\ntlsproxy_tls_enable_rpk = no\nown = $list\nsmtpd_forbid_bare_newline = $own\n";
    let names = |version| found(Server::Postfix, version, "main.cf", main_cf);
    let too_new = "smtpd_forbid_bare_newline";
    assert_eq!(
        names(&[3, 6, 12]),
        ["myhostnam", too_new, "tlsproxy_tls_enable_rpk"]
    );
    assert_eq!(names(&[3, 6, 13]), ["myhostnam", "tlsproxy_tls_enable_rpk"]);
    let master_cf = "25 inet n - n - - smtpd\n  -o smtpd_sasl_auth_enabled=yes\n  -o { smtpd_client_x = y }\n  -o shop_lmtp_time_limit=3\n";
    assert_eq!(
        found(Server::Postfix, &[3, 11], "master.cf", master_cf),
        ["smtpd_client_x", "smtpd_sasl_auth_enabled"]
    );
    let exim = "hostlist a = b : \\\n  wrong = c\nno_wrong\nhide log_ports = 1\nbegin routers\nr:\n  driver = dnslookup\n  set = x\n  self = send\n  data = x\nbegin acl\na:\n  accept\n";
    assert_eq!(
        found(Server::Exim, &[4, 92], "exim.conf", exim),
        ["data", "log_ports", "set", "wrong"]
    );
    assert_eq!(
        found(Server::Exim, &[4, 99], "exim.conf", exim),
        ["data", "wrong"]
    );
    let mc = "dnl define(`confOLD', `')\ndefine(`confDANE', `x')dnl\nundefine(`confWRONG')dnl\nFEATURE(`sts')dnl\n";
    assert_eq!(
        found(Server::Sendmail, &[8, 15, 2], "sendmail.mc", mc),
        ["confDANE", "confWRONG", "sts"]
    );
    assert_eq!(
        found(Server::Sendmail, &[8, 17], "sendmail.mc", mc),
        ["confWRONG"]
    );
}

/// The first release of every known series, and its latest: no series has a hundred.
fn versions(server: Server) -> Vec<Version> {
    let [(major, first), (_, last)] = server.known();
    (first..=last)
        .flat_map(|minor| {
            [
                Version::new(&[major, minor]),
                Version::new(&[major, minor, 99]),
            ]
        })
        .collect()
}

/// The example, and the lab's descriptions.
fn descriptions() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = ["examples", "tests/lab/descriptions"].into_iter();
    files
        .flat_map(|folder| fs::read_dir(root.join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .map(|path| {
            (
                path.display().to_string(),
                fs::read_to_string(&path).unwrap(),
            )
        })
        .collect()
}

/// When a name is known: since any of these releases, the later ones in their own series only, and
/// until another.
struct Known {
    since: Vec<Version>,
    until: Option<Version>,
}

impl Known {
    fn is_in(&self, version: Version) -> bool {
        let since = self.since.iter().enumerate().any(|(index, since)| {
            version >= *since && (index == 0 || version.series() == since.series())
        });
        (since || self.since.is_empty()) && self.until.is_none_or(|until| version < until)
    }
}

type Catalogue = HashMap<(String, String), Known>;

/// A server's catalogue, by kind and name. The kind is a column of the table, or one for all of it.
fn catalogue(server: Server) -> Catalogue {
    let tables: &[(&str, &str)] = match server {
        Server::Postfix => &[("postfix/parameters.tsv", "kind")],
        Server::Exim => &[("exim/options.tsv", "context")],
        Server::Sendmail => &[
            ("sendmail/macros.tsv", "define"),
            ("sendmail/features.tsv", "FEATURE"),
            ("sendmail/mailers.tsv", "MAILER"),
        ],
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let mut catalogue = Catalogue::new();
    for (file, kind) in tables {
        let text = fs::read_to_string(root.join(file)).unwrap();
        let mut rows = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|row| row.split('\t').collect::<Vec<_>>());
        let columns = rows.next().unwrap();
        for row in rows {
            let column = |name| {
                columns
                    .iter()
                    .position(|column| *column == name)
                    .map(|at| row[at])
            };
            // What was there before the oldest version that is known stands as `<=` that version.
            let versions = |name| -> Vec<Version> {
                let written = column(name).unwrap_or_default().split(',');
                written
                    .filter(|version| !version.is_empty() && !version.starts_with("<="))
                    .map(|version| Version::parse(version).unwrap())
                    .collect()
            };
            let known = Known {
                since: versions("introduced"),
                until: versions("removed").pop(),
            };
            let kind = column(kind).unwrap_or(kind);
            catalogue.insert((kind.to_owned(), row[0].to_owned()), known);
        }
    }
    catalogue
}

/// The names in the files that this version does not know, sorted, each once.
fn unknown(server: Server, version: Version, catalogue: &Catalogue, files: &[File]) -> Vec<String> {
    let uses: Vec<Use> = match server {
        Server::Postfix => postfix_uses(files),
        Server::Exim => files.iter().flat_map(exim_uses).collect(),
        Server::Sendmail => files.iter().flat_map(sendmail_uses).collect(),
    };
    let known = |(_, meanings): &Use| {
        let mut rows = meanings.iter().filter_map(|row| catalogue.get(row));
        rows.any(|known| known.is_in(version))
    };
    let unknown: BTreeSet<String> = uses
        .into_iter()
        .filter(|name| !known(name))
        .map(|(name, _)| name)
        // No option, on purpose: it stops a build that cannot do what the file asks for.
        .filter(|name| name != "a_build_with_gnutls_is_needed")
        .collect();
    unknown.into_iter().collect()
}

/// A line without the blanks around it and without what stands behind its first word.
fn word(line: &str) -> &str {
    let end = |c: char| !c.is_ascii_alphanumeric() && c != '_';
    line.trim_start().split(end).next().unwrap_or_default()
}

/// Whether a line begins something, in a file where blanks continue it.
fn begins(line: &str) -> bool {
    line.starts_with(|c: char| !c.is_whitespace() && c != '#')
}

/// The parameters that are set in main.cf and master.cf, and those that `$` asks for. A name of
/// one's own is none: it is set and asked for.
fn postfix_uses(files: &[File]) -> Vec<Use> {
    let mut set = Vec::new();
    let mut asked = Vec::new();
    for file in files {
        let lines = file.text.lines().filter(|line| !line.starts_with('#'));
        for line in lines {
            match file.name.as_str() {
                "main.cf" if begins(line) => set.push(word(line)),
                "master.cf" => set.extend(
                    line.split("-o ")
                        .skip(1)
                        .map(|o| word(o.trim_start_matches([' ', '{']))),
                ),
                "main.cf" => {}
                _ => continue,
            }
            let dollars = line.replace("$$", "");
            let names = dollars.split('$').skip(1);
            asked.extend(names.map(|name| word(name.trim_start_matches(['{', '('])).to_owned()));
        }
    }
    let own: BTreeSet<String> = set
        .iter()
        .filter(|name| asked.iter().any(|asked| asked == *name))
        .map(|name| (*name).to_owned())
        .collect();
    let names = set
        .iter()
        .map(|name| (*name).to_owned())
        .chain(asked.iter().cloned());
    // A digit begins what a table's pattern has found.
    names
        .filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
        .filter(|name| !own.contains(name))
        .map(|name| {
            let transport = name
                .match_indices('_')
                .map(|(at, _)| ("transport".into(), name[at + 1..].to_owned()));
            let meanings = [("parameter".into(), name.clone())].into_iter();
            (name.clone(), meanings.chain(transport).collect())
        })
        .collect()
}

/// The options in exim.conf, but for those of ACLs and of the sections without drivers.
fn exim_uses(file: &File) -> Vec<Use> {
    const LISTS: [&str; 4] = ["domainlist", "hostlist", "addresslist", "localpartlist"];
    if file.name != "exim.conf" {
        return Vec::new();
    }
    let joined = file.text.replace("\\\n", " ");
    let lines: Vec<&str> = joined.lines().map(str::trim_start).collect();
    let mut section = "main";
    let mut uses = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let name = match word(line) {
            "hide" => word(&line[4..]),
            name => name,
        };
        if name == "begin" {
            section = line[5..].trim();
            continue;
        }
        let own = LISTS.contains(&name) || name.starts_with(|c: char| c.is_ascii_uppercase());
        let instance = line.trim_end() == format!("{name}:");
        if name.is_empty() || line.starts_with(['#', '.']) || own || instance {
            continue;
        }
        let kinds = match section {
            "main" => vec!["main".to_owned()],
            "routers" | "transports" | "authenticators" => {
                let driver = |line: &&str| {
                    line.strip_prefix("driver")
                        .map(|at| at.replace(['=', ' '], ""))
                };
                let (before, after) = lines.split_at(index);
                let own = |line: &&&str| !line.trim_end().ends_with(':');
                let behind = after.iter().take_while(own).find_map(driver);
                let driver =
                    behind.or_else(|| before.iter().rev().take_while(own).find_map(driver));
                [Some(section.to_owned()), driver]
                    .into_iter()
                    .flatten()
                    .collect()
            }
            _ => continue,
        };
        let plain = name
            .strip_prefix("no_")
            .or_else(|| name.strip_prefix("not_"));
        let plain = plain.unwrap_or(name).to_owned();
        let meanings = kinds.into_iter().map(|kind| (kind, plain.clone()));
        uses.push((plain.clone(), meanings.collect()));
    }
    uses
}

/// What sendmail.mc defines of the configuration, and the features and mailers that it calls.
fn sendmail_uses(file: &File) -> Vec<Use> {
    if file.name != "sendmail.mc" {
        return Vec::new();
    }
    let calls = file.text.lines().filter_map(|line| line.split_once("(`"));
    calls
        .filter_map(|(macro_name, rest)| {
            let kind = macro_name.strip_prefix("un").unwrap_or(macro_name);
            let name = word(rest);
            let judged = matches!(kind, "FEATURE" | "MAILER")
                || kind == "define" && name.starts_with("conf");
            judged.then(|| (name.to_owned(), vec![(kind.to_owned(), name.to_owned())]))
        })
        .collect()
}
