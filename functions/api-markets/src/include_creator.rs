//! `include=creator`: who opened a market, as far as everybody may see.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::Serialize;
use shared::domain::market::totals::MarketWithVolume;
use shared::domain::user::UserId;
use shared::domain::values::text::Name;
use shared::kit::command::StoreError;
use shared::kit::http::{Include, Included, Relation};
use shared::repository::user::profile::{Profile, ProfileReader};

use crate::body::MarketBody;

/// What can be shown besides a market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MarketRelation {
    /// Who opened it.
    Creator,
}

impl Relation for MarketRelation {
    const ALL: &'static [(&'static str, Self)] = &[("creator", Self::Creator)];
}

/// Who opened a market.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Creator")]
pub(crate) struct CreatorBody {
    id: UserId,
    name: Name,
    /// Of the account: with another one, the market is shown otherwise.
    #[serde(skip)]
    version: i64,
}

/// Who opened some markets, if that is wanted.
pub(crate) struct Creators(Option<HashMap<UserId, Profile>>);

impl Creators {
    /// Those of all `markets`, read together.
    pub(crate) async fn of(
        markets: &[MarketWithVolume],
        include: &Include<MarketRelation>,
        reader: &impl ProfileReader,
    ) -> Result<Self, StoreError> {
        if !include.has(MarketRelation::Creator) {
            return Ok(Self(None));
        }
        let creators: Vec<UserId> = markets.iter().map(|found| found.market.creator_id).collect();
        Ok(Self(Some(reader.profiles(&creators).await?)))
    }

    /// A market as it is shown, with its creator if that is wanted. Of an account that was removed nothing is left to show.
    pub(crate) fn attach(&self, found: MarketWithVolume) -> MarketBody {
        let creator = match &self.0 {
            None => Included::NotRequested,
            Some(profiles) => profiles.get(&found.market.creator_id).map_or(Included::Null, CreatorBody::of),
        };
        MarketBody::from(found).with(creator)
    }
}

impl CreatorBody {
    fn of(profile: &Profile) -> Included<Self> {
        let version = i64::try_from(profile.version.get()).unwrap_or(i64::MAX);
        Included::Value(Self { id: profile.id, name: profile.name.clone(), version })
    }

    /// What of it moves without a new version of the market.
    pub(crate) fn etag_counters(creator: &Included<Self>) -> Vec<i64> {
        match creator {
            Included::NotRequested => Vec::new(),
            Included::Null => vec![0],
            Included::Value(creator) => vec![creator.version],
        }
    }
}
