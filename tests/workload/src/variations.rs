//! Variations of a request, and the statuses that they must have.

use fastrand::Rng;
use http::StatusCode;
use strum::VariantArray;

use crate::operations::Operation;
use crate::step::{Call, Caller, Variation};

/// Operations whose caller proves the identity by something else than an access token.
const WITHOUT_TOKEN: &str = "/v1/auth/";

impl Variation {
    /// Chooses a variation of a request: mostly none.
    pub fn choose(rng: &mut Rng, call: &Call, operation: &Operation) -> Self {
        match rng.u8(..100) {
            0..68 => Self::None,
            68..77 => Some(Self::Repeat).filter(|it| it.fits(call, operation)).unwrap_or(Self::None),
            _ => {
                let fitting = Self::VARIANTS.iter().filter(|it| it.fits(call, operation));
                let fitting: Vec<&Self> = fitting.collect();
                fitting.get(rng.usize(..fitting.len().max(1))).map_or(Self::None, |it| **it)
            }
        }
    }

    /// Returns true if the variation is possible for a request.
    fn fits(self, call: &Call, operation: &Operation) -> bool {
        let has_token = call.caller != Caller::Anonymous && !operation.path.starts_with(WITHOUT_TOKEN);
        let is_keyed = operation.has_header("idempotency-key");
        match self {
            Self::None => true,
            Self::Repeat | Self::InvalidKey => is_keyed,
            Self::ReusedKey => is_keyed && (other_body(call).is_some() || operation.has_target()),
            Self::NoToken => has_token && operation.requires_token,
            Self::DamagedToken => operation.accepts_token && operation.documents(401),
            Self::UnknownTarget => {
                operation.has_target() && operation.documents(404) && !has_conflicting_fields(call)
            }
            Self::WrongAccept => operation.documents(406),
            Self::WrongContentType => call.body.is_some() && operation.documents(415),
            Self::TooLarge => call.body.is_some() && operation.documents(413),
            Self::MalformedJson | Self::UnknownField => call.body.is_some() && operation.documents(400),
            Self::NoIfMatch | Self::StaleIfMatch => operation.requires("if-match"),
            Self::NoKey => operation.requires("idempotency-key"),
            Self::InvalidQuery => operation.documents(400) && operation.invalid_query().is_some(),
            Self::NotModified => operation.documents(304),
        }
    }

    /// Statuses that the variation must have; `None` if the request must have the same as without it.
    #[must_use]
    pub const fn statuses(self) -> Option<&'static [u16]> {
        match self {
            Self::None | Self::Repeat | Self::ReusedKey | Self::NotModified => None,
            Self::NoToken | Self::DamagedToken => Some(&[401]),
            Self::UnknownTarget => Some(&[404, 403, 401]),
            Self::WrongAccept => Some(&[406]),
            Self::WrongContentType => Some(&[415, 401, 403]),
            Self::TooLarge => Some(&[413]),
            Self::MalformedJson | Self::UnknownField | Self::NoKey | Self::InvalidKey => {
                Some(&[400, 401, 403])
            }
            Self::NoIfMatch => Some(&[428, 401, 403]),
            Self::StaleIfMatch => Some(&[412, 401, 403, 404, 409, 400]),
            Self::InvalidQuery => Some(&[400, 401, 403, 404]),
        }
    }
}

/// Returns true if the body has fields that exclude each other, so that the request is refused for its body.
fn has_conflicting_fields(call: &Call) -> bool {
    call.body.as_ref().is_some_and(|body| {
        let has = |field: &str| body.get(field).is_some();
        has("amount") && (has("lines") || has("shipping"))
    })
}

/// Another valid body of a request, for the same idempotency key.
#[must_use]
pub fn other_body(call: &Call) -> Option<serde_json::Value> {
    let mut body = call.body.clone()?;
    match call.operation {
        "placeOrder" => {
            let quantity = body["items"][0]["quantity"].as_i64()?;
            body["items"][0]["quantity"] = (quantity + 1).into();
        }
        "refundOrder" | "cancelOrder" => body["reason"] = "another reason".into(),
        "shipOrder" => body["trackingNumber"] = "JD0".into(),
        "createProduct" | "createMarket" | "replaceProduct" | "replaceMarket" | "patchProduct" => {
            body["description"] = "Another description.".into();
        }
        "registerUser" | "createUser" | "replaceUser" | "patchCurrentUser" => body["name"] = "Another".into(),
        "patchUser" | "patchMarket" if body["name"].is_string() => body["name"] = "Another".into(),
        "restockProduct" => body["delta"] = (body["delta"].as_i64()? + 70).into(),
        "createJob" => body["notify"] = (!body["notify"].as_bool().unwrap_or_default()).into(),
        "redriveQueue" => body["queue"] = "reports".into(),
        _ => return None,
    }
    Some(body)
}

/// Returns true if a status refuses the reuse of a key. A caller who has deleted the own account needs a permission to
/// delete another one.
#[must_use]
pub fn refuses_reused_key(call: &Call, status: StatusCode) -> bool {
    let is_revoked = status == StatusCode::UNAUTHORIZED && call.operation == "deleteUser";
    is_revoked || status == StatusCode::UNPROCESSABLE_ENTITY
}
