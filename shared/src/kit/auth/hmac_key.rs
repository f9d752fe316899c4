//! Keyed digests: signatures, and pseudonyms that do not reveal their input.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Secret key for HMAC-SHA-256. Each use has its own label, so that a digest for one use is invalid for
/// another.
#[derive(Clone)]
pub struct HmacKey(hmac::Key);

impl HmacKey {
    /// Creates a key from this secret.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// HMAC of `parts` for the use `label`, in base64url.
    #[must_use]
    pub fn mac(&self, label: &str, parts: &[&[u8]]) -> String {
        URL_SAFE_NO_PAD.encode(self.context(label, parts).sign())
    }

    /// First 128 bits of the HMAC of `parts` for the use `label`: an identifier that does not reveal `parts`.
    #[must_use]
    pub fn pseudonym(&self, label: &str, parts: &[&[u8]]) -> u128 {
        let tag = self.context(label, parts).sign();
        tag.as_ref().iter().take(16).fold(0, |bits, byte| (bits << 8) | u128::from(*byte))
    }

    /// Returns true if `digest` is the HMAC of `parts` for the use `label`. Compares in constant time.
    #[must_use]
    pub fn verify(&self, label: &str, parts: &[&[u8]], digest: &str) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(digest) else { return false };
        let expected = self.context(label, parts).sign();
        aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_ref(), &bytes).is_ok()
    }

    fn context(&self, label: &str, parts: &[&[u8]]) -> hmac::Context {
        let mut context = hmac::Context::with_key(&self.0);
        // Each part is preceded by its length, so that different lists of parts never give the same input.
        for part in std::iter::once(label.as_bytes()).chain(parts.iter().copied()) {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        context
    }
}

impl std::fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HmacKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_is_valid_for_one_label_and_one_list_of_parts() {
        let key = HmacKey::new(&[7; 32]);
        let digest = key.mac("cursor", &[b"ab", b"c"]);
        assert!(key.verify("cursor", &[b"ab", b"c"], &digest));
        assert!(!key.verify("cursor", &[b"a", b"bc"], &digest));
        assert!(!key.verify("fingerprint", &[b"ab", b"c"], &digest));
        assert!(!HmacKey::new(&[8; 32]).verify("cursor", &[b"ab", b"c"], &digest));
    }
}
