//! Guides: what docs/postfix.md and its neighbours have root type on the server works there, with
//! the folder that each guide is about and the files that are generated from it.

use std::fs;
use std::path::Path;
use std::process::Command;

use smtpconf::mta::Target;

use super::parity::inside;
use super::roots;

/// Puts the guide's old configuration into place, then takes one step after the other.
const SCRIPT: &str = r#"
ip link set lo up
cd /lab
cp -r etc/. /etc/
case $(cat server) in
exim) chown root:Debian-exim /etc/exim4/exim4.conf;;
sendmail)
    m4 /etc/mail/sendmail.mc > /etc/mail/sendmail.cf 2> /dev/null
    makemap hash /etc/mail/access.db < /etc/mail/access;;
esac
for step in step.*; do
    timeout -k 1 30 bash "$step" > "said.${step#step.}" 2>&1 < /dev/null && touch "done.${step#step.}" || true
done
"#;

/// A command of root's, and lines that are among what it prints.
type Step = (String, Vec<String>);

/// Takes every step of the server's guide, which is about one version; says how many there were, or
/// what went wrong.
pub fn run(target: Target) -> Result<String, String> {
    let server = target.server;
    if target.version != server.version_on(roots::HOST) {
        return Ok("guides: it is about another version".to_owned());
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let guide = fs::read_to_string(root.join(format!("docs/{}.md", server.name()))).unwrap();
    let steps = steps(&guide);
    let work = roots::folder().join("guides").join(roots::name(target));
    let _ = fs::remove_dir_all(&work);
    fs::create_dir_all(work.parent().unwrap()).unwrap();
    let folder = root.join("tests/fixtures/documents").join(server.name());
    let copied = Command::new("cp").arg("-r").arg(folder).arg(&work).status();
    assert!(copied.unwrap().success());
    let generated = Command::new(env!("CARGO_BIN_EXE_smtpconf"))
        .arg("generate")
        .current_dir(&work)
        .output()
        .unwrap();
    assert!(generated.status.success(), "{generated:?}");
    fs::write(work.join("server"), server.name()).unwrap();
    for (number, (command, _)) in steps.iter().enumerate() {
        fs::write(work.join(format!("step.{number:02}")), command).unwrap();
    }
    inside(target, &work, SCRIPT)?;
    let mut faults = Vec::new();
    for (number, (command, wanted)) in steps.iter().enumerate() {
        let said = fs::read(work.join(format!("said.{number:02}"))).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        let is_done = work.join(format!("done.{number:02}")).exists();
        let is_said = |line: &String| said.lines().any(|real| real.trim_end() == line);
        if !is_done || !wanted.iter().all(is_said) {
            faults.push(format!("`{command}` says:\n{said}"));
        }
    }
    if steps.len() < 5 || !faults.is_empty() {
        return Err(format!(
            "guides: {} steps\n  {}",
            steps.len(),
            faults.join("\n  ")
        ));
    }
    Ok(format!("guides: {} steps work on the server", steps.len()))
}

/// The commands of the blocks of kind `console` that begin with `# `, with what is shown below each.
/// Services are not started here.
fn steps(guide: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for block in guide.split("```console\n# ").skip(1) {
        let block = block.split("\n```").next().unwrap_or_default();
        for command in block.replace("\\\n", "").split("\n# ") {
            let mut lines = command.lines().map(str::to_owned);
            steps.push((lines.next().unwrap_or_default(), lines.collect()));
        }
    }
    steps.retain(|(command, _)| !command.starts_with("systemctl "));
    steps
}
