//! `include=creator`: the public profile of the creator of a market.

use std::collections::HashMap;

use shared::domain::market::totals::MarketWithVolume;
use shared::domain::user::UserId;
use shared::kit::command::StoreError;
use shared::kit::http::{Include, Included, Relation};
use shared::repository::user::profile::{Profile, ProfileReader};

use crate::body::MarketBody;
use crate::creator_body::CreatorBody;

/// Resource that can be included with a market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MarketRelation {
    /// Creator of the market.
    Creator,
}

impl Relation for MarketRelation {
    const ALL: &'static [(&'static str, Self)] = &[("creator", Self::Creator)];
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
