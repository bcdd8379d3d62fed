//! The servers' overlay roots, one for each Debian release and server, made once and kept below
//! `target/`. The host is Debian 12, so those of that release lie over `/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use smtpconf::mta::{Target, Version};

use super::serve::server;

/// The Debian releases whose servers can be run: as a description calls them, and as Debian does.
const RELEASES: [(&str, &str); 3] = [
    (HOST, "bookworm"),
    ("debian-11", "bullseye"),
    ("debian-13", "trixie"),
];

/// The release that runs here.
pub const HOST: &str = "debian-12";

/// The lab's folder below `target/`.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("lab")
}

/// One of the lab's scripts.
pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/lab")
        .join(name)
}

/// What a target's packages changed, as an overlay's upper folder.
pub fn upper(target: Target) -> PathBuf {
    root(target).join("upper")
}

fn root(target: Target) -> PathBuf {
    folder().join("roots").join(name(target))
}

/// A target's own name for its folders.
pub fn name(target: Target) -> String {
    format!("{}-{}", target.server.name(), target.version)
}

/// The release that a target comes from.
fn release(target: Target) -> (&'static str, &'static str) {
    let ships = |(name, _): &(&str, &str)| target.server.version_on(name) == target.version;
    RELEASES.into_iter().find(ships).unwrap()
}

/// Whether the lab can run the servers of this release.
pub fn knows(name: &str) -> bool {
    RELEASES.iter().any(|(known, _)| *known == name)
}

/// Why the lab cannot run here; none when it can.
pub fn obstacle() -> Option<String> {
    let output = |program: &str, arguments: &[&str]| {
        Command::new(program)
            .args(arguments)
            .output()
            .ok()
            .filter(|output| output.status.success())
    };
    let is_root = output("id", &["-u"]).is_some_and(|output| output.stdout.starts_with(b"0\n"));
    if !is_root {
        return Some("it needs root, for namespaces and overlays".into());
    }
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    if !release.contains("VERSION_CODENAME=bookworm") {
        return Some("it needs Debian 12, whose packages it fetches".into());
    }
    if output("unshare", &["-m", "-n", "-p", "-u", "-f", "true"]).is_none() {
        return Some("namespaces cannot be made here (unshare -mnpuf)".into());
    }
    None
}

/// Makes the roots that are not there yet.
pub fn prepare(targets: &[Target]) -> Result<(), String> {
    for tool in ["ip", "nsenter", "script", "openssl", "ss"] {
        let found = Command::new("sh")
            .args(["-c", &format!("command -v {tool}")])
            .output();
        if !found.is_ok_and(|output| output.status.success()) {
            println!("lab: installing {tool}");
            let status = Command::new("sh")
                .args(["-c", "apt-get -qq update && apt-get -qq install -y --no-install-recommends iproute2 util-linux bsdutils openssl"])
                .status();
            if !status.is_ok_and(|status| status.success()) {
                return Err(format!("`{tool}` is missing and could not be installed"));
            }
        }
    }
    targets.iter().try_for_each(|&target| {
        let root = root(target);
        if !root.join("ready").exists() {
            println!("lab: fetching {target}");
            let base = base(target)?;
            let mut install = Command::new(script("prepare.sh"));
            install.args([&root, &base]).args(server(target).packages);
            run(&mut install)
                .map_err(|fault| format!("{target} could not be installed:\n{fault}"))?;
        }
        check_version(target, &root)
    })
}

/// What a target's packages are laid over: made on first use, unless it is the host itself.
fn base(target: Target) -> Result<PathBuf, String> {
    let (name, suite) = release(target);
    let base = folder().join("roots").join(name);
    if name == HOST {
        return Ok("/".into());
    }
    if !base.exists() {
        println!("lab: fetching {name}");
        fs::create_dir_all(folder().join("roots")).map_err(|error| error.to_string())?;
        run(Command::new(script("base.sh")).arg(&base).arg(suite))
            .map_err(|fault| format!("{name} could not be fetched:\n{fault}"))?;
    }
    Ok(base)
}

/// Files are generated for the version that the table in `mta` gives for a release, so that must
/// be the series that is run; a newer patch level, from an update of Debian, is told.
fn check_version(target: Target, root: &Path) -> Result<(), String> {
    let package = fs::read_to_string(root.join("version")).map_err(|error| error.to_string())?;
    let installed = package.split(['-', '+', '~']).next().unwrap_or_default();
    if installed == target.version.to_string() {
        return Ok(());
    }
    let words = format!(
        "{} has {} {installed} ({package}), and `Server::version_on` says {}",
        release(target).0,
        target.server.title(),
        target.version
    );
    if Version::parse(installed).map(Version::series) == Some(target.version.series()) {
        println!("lab: {words}");
        return Ok(());
    }
    Err(words)
}

/// Runs a command to its end; in error, all that it said.
fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(String::from_utf8_lossy(&said).into_owned())
}
