//! Representation of the creator of a market.

use schemars::JsonSchema;
use serde::Serialize;
use shared::domain::user::UserId;
use shared::domain::values::text::Name;
use shared::kit::http::Included;
use shared::repository::user::profile::Profile;

/// Creator of a market.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(
    rename = "Creator",
    extend("examples" = [{ "id": "usr_01J8Z3K5V0ABCDEFGHJKMNPQRS", "name": "Ada" }]),
)]
pub(crate) struct CreatorBody {
    /// Id of the user.
    id: UserId,
    /// Name of the user.
    name: Name,
    /// Version of the account; part of the entity tag.
    #[serde(skip)]
    version: i64,
}

impl CreatorBody {
    pub(crate) fn of(profile: &Profile) -> Included<Self> {
        let version = i64::try_from(profile.version.get()).unwrap_or(i64::MAX);
        Included::Value(Self { id: profile.id, name: profile.name.clone(), version })
    }

    /// Counters for the entity tag of the market: the creator changes without a new version of the market.
    pub(crate) fn etag_counters(creator: &Included<Self>) -> Vec<i64> {
        match creator {
            Included::NotRequested => Vec::new(),
            Included::Null => vec![0],
            Included::Value(creator) => vec![creator.version],
        }
    }
}
