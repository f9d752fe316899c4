//! `include=creator`: the public profile of the creator of a market.

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

/// Resource that can be included with a market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MarketRelation {
    /// Creator of the market.
    Creator,
}

impl Relation for MarketRelation {
    const ALL: &'static [(&'static str, Self)] = &[("creator", Self::Creator)];
}

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

/// Creators of markets; `None` if they are not requested.
pub(crate) struct Creators(Option<HashMap<UserId, Profile>>);

impl Creators {
    /// Reads the creators of all `markets` in one request, if they are requested.
    pub(crate) async fn read(
        markets: &[MarketWithVolume],
        include: &Include<MarketRelation>,
        reader: &impl ProfileReader,
    ) -> Result<Self, StoreError> {
        if !include.has(MarketRelation::Creator) {
            return Ok(Self(None));
        }
        let creators: Vec<UserId> = markets.iter().map(|market| market.market.creator_id).collect();
        Ok(Self(Some(reader.profiles(&creators).await?)))
    }

    /// Representation of a market, with its creator if requested. The creator is null if the account was
    /// deleted.
    pub(crate) fn attach(&self, market: MarketWithVolume) -> MarketBody {
        let creator = match &self.0 {
            None => Included::NotRequested,
            Some(profiles) => profiles.get(&market.market.creator_id).map_or(Included::Null, CreatorBody::of),
        };
        MarketBody::from(market).with_creator(creator)
    }
}

impl CreatorBody {
    fn of(profile: &Profile) -> Included<Self> {
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
