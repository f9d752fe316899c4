//! Keyed digests: proof that a text is ours, and fingerprints that give nothing away.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A secret key for HMAC-SHA-256. Every use has a label of its own, so that no digest serves for another use.
#[derive(Clone)]
pub struct HmacKey(hmac::Key);

impl HmacKey {
    /// A seal with this secret.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The digest of `parts` for the use `label`, in base64url.
    #[must_use]
    pub fn mac(&self, label: &str, parts: &[&[u8]]) -> String {
        URL_SAFE_NO_PAD.encode(self.context(label, parts).sign())
    }

    /// The first 128 bits of the digest of `parts` for the use `label`: a name that gives nothing away.
    #[must_use]
    pub fn pseudonym(&self, label: &str, parts: &[&[u8]]) -> u128 {
        let tag = self.context(label, parts).sign();
        tag.as_ref().iter().take(16).fold(0, |bits, byte| (bits << 8) | u128::from(*byte))
    }

    /// Whether `digest` is that of `parts` for the use `label`; compared in constant time.
    #[must_use]
    pub fn verify(&self, label: &str, parts: &[&[u8]], digest: &str) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(digest) else { return false };
        let expected = self.context(label, parts).sign();
        aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_ref(), &bytes).is_ok()
    }

    fn context(&self, label: &str, parts: &[&[u8]]) -> hmac::Context {
        let mut context = hmac::Context::with_key(&self.0);
        // Each part with its length, so that no two lists of parts read the same.
        for part in std::iter::once(label.as_bytes()).chain(parts.iter().copied()) {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        context
    }
}

impl std::fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_serves_one_use_and_one_list_of_parts() {
        let seal = HmacKey::new(&[7; 32]);
        let digest = seal.mac("cursor", &[b"ab", b"c"]);
        assert!(seal.verify("cursor", &[b"ab", b"c"], &digest));
        assert!(!seal.verify("cursor", &[b"a", b"bc"], &digest));
        assert!(!seal.verify("fingerprint", &[b"ab", b"c"], &digest));
        assert!(!HmacKey::new(&[8; 32]).verify("cursor", &[b"ab", b"c"], &digest));
    }
}
