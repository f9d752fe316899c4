use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};

use super::*;

static NOW: std::sync::LazyLock<Timestamp> =
    std::sync::LazyLock::new(|| Timestamp::from_millis(1_800_000_000_000));

fn keys() -> (TokenSigner, TokenVerifier) {
    let pair = Ed25519KeyPair::generate().unwrap();
    let public = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    let private = STANDARD.encode(pair.to_pkcs8v1().unwrap().as_ref());
    let set = format!(
        r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","use":"sig","kid":"k1","x":"{public}"}}]}}"#
    );
    let env = Environment::of([
        ("AGORA_JWT_ISSUER", "agora"),
        ("AGORA_JWT_AUDIENCE", "agora-api"),
        (PUBLIC_KEYS, &set),
        (SIGNING_KEY, &private),
    ]);
    (TokenSigner::from_env(&env).unwrap(), TokenVerifier::from_env(&env).unwrap())
}

const SUBJECT: TokenSubject<'_> = TokenSubject { user: "usr_1", role: "user", session: "ses_1" };

fn token(signer: &TokenSigner) -> String {
    signer.sign(SUBJECT, "jti_1".to_owned(), *NOW).unwrap()
}

#[test]
fn token_is_valid_for_its_lifetime_plus_leeway() {
    let (signer, verifier) = keys();
    let token = token(&signer);
    assert_eq!(verifier.verify(&token, *NOW).unwrap().sub, "usr_1");
    assert!(
        verifier
            .verify(
                &token,
                NOW.saturating_add(ACCESS_TOKEN_TTL + LEEWAY).saturating_sub(Duration::from_secs(1))
            )
            .is_ok()
    );
    assert_eq!(
        verifier.verify(&token, NOW.saturating_add(ACCESS_TOKEN_TTL + LEEWAY)),
        Err(TokenError::Expired)
    );
    assert_eq!(
        verifier.verify(&token, NOW.saturating_sub(LEEWAY + Duration::from_secs(1))),
        Err(TokenError::Invalid)
    );
}

#[test]
fn token_with_another_key_or_changed_payload_is_invalid() {
    let (signer, verifier) = keys();
    let (other, _) = keys();
    assert_eq!(verifier.verify(&token(&other), *NOW), Err(TokenError::Invalid));
    let parts: Vec<String> = token(&signer).split('.').map(str::to_owned).collect();
    let admin = URL_SAFE_NO_PAD.decode(&parts[1]).unwrap();
    let admin = URL_SAFE_NO_PAD.encode(String::from_utf8(admin).unwrap().replace("\"user\"", "\"admin\""));
    assert_eq!(
        verifier.verify(&format!("{}.{admin}.{}", parts[0], parts[2]), *NOW),
        Err(TokenError::Invalid)
    );
}

#[test]
fn cached_token_expires_and_rejected_token_is_not_cached() {
    let (signer, verifier) = keys();
    let (other, _) = keys();
    let cached = token(&signer);
    for _ in 0..2 {
        assert!(verifier.verify(&cached, *NOW).is_ok());
        assert_eq!(verifier.verify(&cached, NOW.saturating_add(MAX_ACCEPTED_AGE)), Err(TokenError::Expired));
        assert_eq!(verifier.verify(&token(&other), *NOW), Err(TokenError::Invalid));
    }
    verifier.verified.run_pending_tasks();
    assert_eq!(verifier.verified.entry_count(), 1);
}

#[test]
fn cached_token_is_verified_in_less_than_half_the_time() {
    let (signer, verifier) = keys();
    let tokens: Vec<String> = (0..200).map(|n| signer.sign(SUBJECT, n.to_string(), *NOW).unwrap()).collect();
    let pass = || {
        let started = std::time::Instant::now();
        assert!(tokens.iter().all(|token| verifier.verify(token, *NOW).is_ok()));
        started.elapsed() / 200
    };
    let uncached = pass();
    // The minimum of several runs: other load on the machine only adds time.
    let cached = (0..5).map(|_| pass()).min().unwrap();
    println!("token verification: {uncached:?} uncached, {cached:?} cached");
    assert!(cached * 2 < uncached, "{uncached:?} and {cached:?}");
}

#[test]
fn token_with_unexpected_header_is_invalid() {
    let (signer, verifier) = keys();
    let token = token(&signer);
    let rest = token.split_once('.').unwrap().1;
    for header in [
        r#"{"alg":"none","kid":"k1"}"#,
        r#"{"alg":"nOnE","kid":"k1"}"#,
        r#"{"alg":"HS256","kid":"k1"}"#,
        r#"{"alg":"EdDSA"}"#,
        r#"{"alg":"EdDSA","kid":"../k1"}"#,
        r#"{"alg":"EdDSA","kid":"k1","jku":"https://example.com"}"#,
        r#"{"alg":"EdDSA","kid":"k1","jwk":{}}"#,
        r#"{"alg":"EdDSA","kid":"k1","crit":["exp"]}"#,
    ] {
        let forged = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header));
        assert_eq!(verifier.verify(&forged, *NOW), Err(TokenError::Invalid), "{header}");
    }
}
