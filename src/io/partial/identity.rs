//! What a state is of: the engine, its data, and every number of the exam. States of one identity add up.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::io::digest::{physics_data_digest, sha256_hex};
use crate::io::result::git_commit;
use crate::numerics::rng::STREAM_SCHEME;
use crate::simulation::Exam;
use crate::simulation::settings::Settings;

/// Engine and exam of a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Version of the program.
    pub software_version: String,
    /// Commit it was built from.
    pub git_commit: String,
    /// How random streams are made.
    pub stream_scheme: String,
    /// SHA-256 of the physics tables.
    pub physics_data_digest: String,
    /// SHA-256 of the protocol's text.
    pub protocol_sha256: String,
    /// SHA-256 of the phantom's voxels.
    pub phantom_digest: String,
    /// SHA-256 of scanner, acquisitions, placement, seed, estimator, map and target, with every number of them.
    pub exam_digest: String,
}

impl Identity {
    /// Of an exam before its tube's output is set by a console's figure, which scales doses and no batch.
    pub fn of(exam: &Exam, settings: &Settings, protocol_sha256: &str, phantom_digest: &str) -> Self {
        // Histories are left out: more of them are more batches, not others.
        let chance = (settings.seed, settings.estimator, settings.map_binning, &settings.target);
        let numbers = (&exam.scanner, exam.placement, &exam.acquisitions, chance);
        Identity {
            software_version: env!("CARGO_PKG_VERSION").to_owned(),
            git_commit: git_commit().to_owned(),
            stream_scheme: STREAM_SCHEME.to_owned(),
            physics_data_digest: physics_data_digest(),
            protocol_sha256: protocol_sha256.to_owned(),
            phantom_digest: phantom_digest.to_owned(),
            exam_digest: sha256_hex(format!("{numbers:?}").as_bytes()),
        }
    }

    /// Refuses another identity, naming the first thing that differs; `found` is what a file says.
    pub fn check(&self, found: &Identity) -> Result<()> {
        let engine = |of: &Identity| format!("childsize {} of commit {}", of.software_version, of.git_commit);
        let pairs = [
            ("the engine", engine(self), engine(found)),
            ("random streams", self.stream_scheme.clone(), found.stream_scheme.clone()),
            ("physics data", short(&self.physics_data_digest), short(&found.physics_data_digest)),
            ("the protocol's text", short(&self.protocol_sha256), short(&found.protocol_sha256)),
            ("the phantom's voxels", short(&self.phantom_digest), short(&found.phantom_digest)),
            ("scanner, acquisitions and settings", short(&self.exam_digest), short(&found.exam_digest)),
        ];
        match pairs.into_iter().find(|(_, own, found)| own != found) {
            None => Ok(()),
            Some((what, own, found)) => Err(Error::invalid(format!("{what} must be {own}, found {found}"))
                .with_help("batches add up only where engine, data and exam are the same; play them anew with this one")),
        }
    }
}

/// The first digits of a digest.
fn short(digest: &str) -> String {
    digest.chars().take(12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_named() {
        let text = |name: &str| name.to_owned();
        let own = Identity {
            software_version: text("1.0"),
            git_commit: text("abc"),
            stream_scheme: text("v4"),
            physics_data_digest: text("0123456789abcdef"),
            protocol_sha256: text("p"),
            phantom_digest: text("q"),
            exam_digest: text("e"),
        };
        assert!(own.check(&own).is_ok());
        let engine = Identity { git_commit: text("def"), ..own.clone() };
        assert_eq!(
            own.check(&engine).unwrap_err().to_string(),
            "the engine must be childsize 1.0 of commit abc, found childsize 1.0 of commit def"
        );
        let data = Identity { physics_data_digest: text("fedcba9876543210"), ..own.clone() };
        assert_eq!(
            own.check(&data).unwrap_err().to_string(),
            "physics data must be 0123456789ab, found fedcba987654"
        );
    }
}
