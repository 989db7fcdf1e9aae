//! The JDK and the Maven of the part `kotlin`: the system's where it has both, else Debian's, unpacked beside the other compilers.
//!
//! In: what is on the path. Out: Maven as a command. Nothing is installed into the system. A JVM trusts a list of its own, not the
//! system's certificates, and so the unpacked one gets the system's, anew in every run.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::debian::{self, Recipe};
use crate::steps::{Failure, Steps};

/// A JDK without windows and sound, and Maven with what it needs. Libraries in C are the system's: the few that a JVM without
/// windows loads are in every Debian.
const RECIPE: Recipe = Recipe {
    name: "java",
    suite: "bookworm",
    packages: &["openjdk-17-jdk-headless", "maven"],
    alone: &[],
    skipped: &["ca-certificates_", "fonts-", "libc6_", "libssl3_", "openssl_", "util-linux_"],
    pruned: &[
        "usr/bin",
        "usr/lib/x86_64-linux-gnu",
        "usr/sbin",
        "usr/share/bash-completion",
        "usr/share/doc",
        "usr/share/locale",
        "usr/share/man",
        "var",
    ],
};

/// The JDK in the folder, and Maven.
const JDK: &str = "usr/lib/jvm/java-17-openjdk-amd64";
const MAVEN: &str = "usr/share/maven/bin/mvn";
/// The folders with links that Debian lets begin at its root.
const LINKED: &[&str] = &[JDK, "usr/share/maven"];
/// The certificates that the system trusts, unless `SSL_CERT_FILE` names others.
const TRUSTED: &str = "/etc/ssl/certs/ca-certificates.crt";
/// Writes the certificates of its first argument as the list that a JVM reads to its second one. The format is the one that
/// is read without a password; the one given here is the one that every JVM knows.
const TRUST: &str = r#"import java.nio.file.*;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;

class Trust {
    public static void main(String[] files) throws Exception {
        var list = KeyStore.getInstance("JKS");
        list.load(null, null);
        try (var file = Files.newInputStream(Path.of(files[0]))) {
            for (var certificate : CertificateFactory.getInstance("X.509").generateCertificates(file)) {
                list.setCertificateEntry("ca" + list.size(), certificate);
            }
        }
        if (list.size() == 0) throw new IllegalStateException(files[0] + " has no certificate");
        try (var file = Files.newOutputStream(Path.of(files[1]))) {
            list.store(file, "changeit".toCharArray());
        }
    }
}
"#;

/// A JDK and a Maven that run.
pub(crate) struct Java {
    /// The folder of [`RECIPE`]; `None` when the system has both.
    folder: Option<PathBuf>,
}

impl Java {
    /// What the system has, else what is installed once.
    ///
    /// # Errors
    /// When it cannot be had, or does not run.
    pub(crate) fn find(steps: &Steps) -> Result<Self, Failure> {
        // `javac` is used by nothing, but only a JDK has it, and the compiler needs a JDK's list of what Java 8 had.
        let system = ["java", "javac"].map(|program| runs(steps.command(program).arg("-version")));
        let maven = runs(steps.command("mvn").arg("--version"));
        let Some(missing) = system.into_iter().chain([maven]).find_map(Result::err) else {
            return Ok(Self { folder: None });
        };
        println!("JDK and Maven: the system's are not used: {missing}");
        let folder = debian::install(steps, &RECIPE, "kotlin")?;
        let java = Self { folder: Some(folder.clone()) };
        complete(steps, &folder).and_then(|()| runs(java.maven(steps).arg("--version"))).map_err(
            |reason| Failure {
                step: "install java".to_owned(),
                reason: format!("{reason}; or install a JDK (17 or later) and Maven"),
                repeat: "apt-get install -y openjdk-17-jdk-headless maven && cargo xtask test kotlin"
                    .to_owned(),
            },
        )?;
        Ok(java)
    }

    /// Maven, which runs in this JDK.
    pub(crate) fn maven(&self, steps: &Steps) -> Command {
        let Some(folder) = &self.folder else { return steps.command("mvn") };
        let mut maven = steps.command(folder.join(MAVEN));
        maven.env("JAVA_HOME", folder.join(JDK)).env("MAVEN_SKIP_RC", "1");
        maven
    }
}

/// Whether a program runs, and what it says if not.
fn runs(ask: &mut Command) -> Result<(), String> {
    let program = ask.get_program().display().to_string();
    match ask.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let said = [output.stderr, output.stdout].concat();
            Err(format!("`{program}` fails: {}", String::from_utf8_lossy(&said).trim().replace('\n', "; ")))
        }
        Err(error) => Err(format!("`{program}` could not be run: {error}")),
    }
}

/// Does what installing the packages would have done.
fn complete(steps: &Steps, folder: &Path) -> Result<(), String> {
    for linked in LINKED {
        relink(folder, &folder.join(linked)).map_err(|error| format!("{linked}: {error}"))?;
    }
    let list = folder.join(JDK).join("lib/security/cacerts");
    let program = folder.join("Trust.java");
    // Written to, a link would lead into the system.
    let gone = std::fs::remove_file(&list).or_else(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    });
    gone.and_then(|()| std::fs::write(&program, TRUST))
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    let named = std::env::var_os("SSL_CERT_FILE").filter(|value| !value.is_empty());
    let trusted = named.map_or_else(|| PathBuf::from(TRUSTED), PathBuf::from);
    runs(steps.command(folder.join(JDK).join("bin/java")).arg(&program).arg(trusted).arg(list))
}

/// Has the links in `inside` that begin at the root begin at `folder`, where what they name is there.
#[cfg(unix)]
fn relink(folder: &Path, inside: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(inside)? {
        let (path, kind) = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))?;
        if kind.is_dir() {
            relink(folder, &path)?;
        } else if kind.is_symlink()
            && let Ok(rest) = std::fs::read_link(&path)?.strip_prefix("/")
            && folder.join(rest).exists()
        {
            std::fs::remove_file(&path)?;
            std::os::unix::fs::symlink(folder.join(rest), &path)?;
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn relink(_folder: &Path, _inside: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_installed_is_run_with_its_own_jdk() {
        let steps = Steps::new(PathBuf::from("/checkout"), None);
        let system = Java { folder: None }.maven(&steps);
        assert_eq!((system.get_program(), system.get_envs().count()), ("mvn".as_ref(), 0));
        let own = Java { folder: Some("/cache/java".into()) }.maven(&steps);
        assert_eq!(own.get_program(), "/cache/java/usr/share/maven/bin/mvn");
        let home = own.get_envs().find(|(name, _)| *name == "JAVA_HOME").and_then(|(_, value)| value);
        assert_eq!(home, Some("/cache/java/usr/lib/jvm/java-17-openjdk-amd64".as_ref()));
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let reason = runs(&mut Command::new("/no/such/mvn")).unwrap_err();
        assert!(reason.starts_with("`/no/such/mvn` could not be run"), "{reason}");
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_in_the_folder_where_they_can() {
        let folder = std::env::temp_dir().join(format!("tastekeeper-links-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("usr/conf")).unwrap();
        std::fs::create_dir_all(folder.join("etc")).unwrap();
        std::fs::write(folder.join("etc/known"), "ours").unwrap();
        let link = |name: &str| folder.join("usr/conf").join(name);
        for (name, to) in [("known", "/etc/known"), ("other", "/no/such"), ("near", "known")] {
            std::os::unix::fs::symlink(to, link(name)).unwrap();
        }
        for _ in 0..2 {
            relink(&folder, &folder.join("usr")).unwrap();
            assert_eq!(std::fs::read_link(link("known")).unwrap(), folder.join("etc/known"));
            assert_eq!(std::fs::read_to_string(link("near")).unwrap(), "ours");
            assert_eq!(std::fs::read_link(link("other")).unwrap(), Path::new("/no/such"));
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
