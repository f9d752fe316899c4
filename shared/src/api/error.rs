//! API errors for the errors of commands and tokens. The message is that of the error, except where this file
//! contains another.

use super::caller::permission::token_revoked;
use super::email_token::EmailTokenError;
use crate::domain::access::AccessError;
use crate::domain::access::active_account::CallerError;
use crate::domain::job::cancel::CancelJobError;
use crate::domain::job::create::CreateJobError;
use crate::domain::job::delete::DeleteJobError;
use crate::domain::job::retry::RetryJobError;
use crate::domain::market::create::CreateMarketError;
use crate::domain::market::delete::DeleteMarketError;
use crate::domain::market::settings::set::SetSettingsError;
use crate::domain::market::update::UpdateMarketError;
use crate::domain::order::cancel::CancelError;
use crate::domain::order::fulfilment::advance::AdvanceError;
use crate::domain::order::lines::LineAmounts;
use crate::domain::order::lines::cart::CartError;
use crate::domain::order::lines::pricing::PricingError;
use crate::domain::order::place::PlaceOrderError;
use crate::domain::order::refund::RefundError;
use crate::domain::order::shipment::deliver::DeliverError;
use crate::domain::order::shipment::ship::ShipError;
use crate::domain::product::adjust_stock::AdjustStockError;
use crate::domain::product::create::CreateProductError;
use crate::domain::product::delete::DeleteProductError;
use crate::domain::product::update::UpdateProductError;
use crate::domain::session::rotate::RotateError;
use crate::domain::user::delete::DeleteUserError;
use crate::domain::user::password_reset::confirm::ResetPasswordError;
use crate::domain::user::register::RegisterError;
use crate::domain::user::rehash::RehashError;
use crate::domain::user::update::UpdateUserError;
use crate::domain::user::verify::VerifyEmailError;
use crate::kit::auth::access_token::TokenError;
use crate::kit::error::{ApiError, ErrorCode};
use crate::messaging::dead_letter::redrive::RedriveError;

/// Implements the conversion of errors whose variants have a code each. `(Access)` is the variant that contains
/// an [`AccessError`].
macro_rules! error_codes {
    ($($error:ident $(($access:ident))? { $($variant:ident => $code:ident),+ })+) => {$(
        impl From<$error> for ApiError {
            fn from(error: $error) -> Self {
                let code = match error {
                    $($error::$access(error) => return error.into(),)?
                    $($error::$variant { .. } => ErrorCode::$code,)+
                };
                Self::new(code, error.to_string())
            }
        }
    )+};
}

error_codes! {
    TokenError { Invalid => InvalidToken, Expired => TokenExpired }
    EmailTokenError { Invalid => InvalidToken, Expired => TokenExpired }
    RotateError { Unknown => InvalidToken, Ended => TokenRevoked }
    ResetPasswordError { TokenOutdated => InvalidToken }
    RehashError { Changed => Conflict }
    UpdateMarketError(Access) { InvalidTransition => InvalidState, InactiveCreator => InvalidState }
    DeleteMarketError(Access) { Suspended => InvalidState, OpenOrders => InvalidState }
    DeleteProductError(Access) { Reserved => InvalidState }
    AdjustStockError(Access) { InsufficientStock => InsufficientStock }
    CancelError(Access) { TooLate => InvalidState }
    ShipError(Access) { InvalidState => InvalidState }
    DeliverError(Access) { InvalidState => InvalidState }
    CancelJobError(Access) { AlreadyEnded => InvalidState, Recounting => InvalidState }
    DeleteJobError(Access) { NotEnded => InvalidState }
    RetryJobError(Access) { NotEnded => InvalidState, TooManyOpen => InvalidState }
    RedriveError(Access) { AlreadyRedriven => InvalidState }
}

impl From<AccessError> for ApiError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::NotFound(_) => Self::new(ErrorCode::NotFound, error.to_string()),
            AccessError::Forbidden(rule) => Self::new(ErrorCode::Forbidden, rule),
            AccessError::MissingPermission(permission) => {
                Self::new(ErrorCode::Forbidden, error.to_string()).with_permission(permission.into())
            }
            AccessError::VersionMismatch(_) => Self::new(ErrorCode::VersionMismatch, error.to_string()),
        }
    }
}

impl<E: Into<Self>> From<CallerError<E>> for ApiError {
    fn from(error: CallerError<E>) -> Self {
        match error {
            CallerError::InactiveAccount => token_revoked(),
            CallerError::Refused(refusal) => refusal.into(),
        }
    }
}

impl From<UpdateUserError> for ApiError {
    fn from(error: UpdateUserError) -> Self {
        let message = error.to_string();
        match error {
            UpdateUserError::Access(error) => error.into(),
            UpdateUserError::OwnRoleOrStatus { role, status } => {
                let fields = [("role", role), ("status", status)].into_iter().filter(|(_, changes)| *changes);
                Self::validation(fields.map(|(field, _)| (field.to_owned(), message.clone())).collect())
            }
            UpdateUserError::Suspended => token_revoked(),
            UpdateUserError::PasswordRequired => Self::field("currentPassword", message),
        }
    }
}

impl From<VerifyEmailError> for ApiError {
    fn from(error: VerifyEmailError) -> Self {
        match error {
            VerifyEmailError::TokenOutdated => Self::new(ErrorCode::InvalidToken, error.to_string()),
            // The field of the request is the token, so the error names no field.
            VerifyEmailError::EmailTaken => Self::new(ErrorCode::EmailTaken, error.to_string()),
        }
    }
}

impl From<RegisterError> for ApiError {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::EmailTaken => email_taken(error.to_string()),
        }
    }
}

fn email_taken(message: String) -> ApiError {
    ApiError::new(ErrorCode::EmailTaken, message.clone()).with_field("email", message)
}

impl From<DeleteUserError> for ApiError {
    fn from(error: DeleteUserError) -> Self {
        match error {
            DeleteUserError::Access(error) => error.into(),
            DeleteUserError::Suspended => token_revoked(),
            DeleteUserError::OpenMarkets => Self::new(ErrorCode::InvalidState, error.to_string()),
        }
    }
}

impl From<CreateMarketError> for ApiError {
    fn from(error: CreateMarketError) -> Self {
        let message = error.to_string();
        match error {
            CreateMarketError::DuplicateSku { index } => {
                Self::field(format!("products[{index}].sku"), message)
            }
            CreateMarketError::CurrencyMismatch { index } => {
                Self::field(format!("products[{index}].price.currency"), message)
            }
            CreateMarketError::SkuTaken(_) => Self::new(ErrorCode::Conflict, message),
        }
    }
}

impl From<SetSettingsError> for ApiError {
    fn from(error: SetSettingsError) -> Self {
        match error {
            SetSettingsError::Access(error) => error.into(),
            SetSettingsError::Invalid(invalid) => Self::field(invalid.field(), invalid),
        }
    }
}

impl From<CreateProductError> for ApiError {
    fn from(error: CreateProductError) -> Self {
        let message = error.to_string();
        match error {
            CreateProductError::Access(error) => error.into(),
            CreateProductError::MarketClosed(_) => Self::new(ErrorCode::InvalidState, message),
            CreateProductError::CurrencyMismatch => Self::field("price.currency", message),
            CreateProductError::SkuTaken { .. } => sku_taken(message),
        }
    }
}

impl From<UpdateProductError> for ApiError {
    fn from(error: UpdateProductError) -> Self {
        let message = error.to_string();
        match error {
            UpdateProductError::Access(error) => error.into(),
            UpdateProductError::CurrencyMismatch => Self::field("price.currency", message),
            UpdateProductError::SkuTaken { .. } => sku_taken(message),
        }
    }
}

fn sku_taken(message: String) -> ApiError {
    ApiError::new(ErrorCode::Conflict, message.clone()).with_field("sku", message)
}

impl From<CartError> for ApiError {
    fn from(error: CartError) -> Self {
        let message = error.to_string();
        match error {
            CartError::NoProduct { index }
            | CartError::OtherMarket { index }
            | CartError::Repeated { index } => Self::field(format!("items[{index}].productId"), message),
            CartError::NotInMarket => Self::field("marketId", message),
            CartError::Empty | CartError::TotalTooLarge => Self::field("items", message),
            CartError::PriceChanged { index, price } => {
                let now = format!("costs {} {} now", price.amount(), price.currency().as_str());
                Self::new(ErrorCode::PriceChanged, message)
                    .with_field(format!("items[{index}].expectedPrice"), now)
            }
            CartError::Pricing(error) => error.into(),
        }
    }
}

impl From<PricingError> for ApiError {
    fn from(error: PricingError) -> Self {
        let message = error.to_string();
        match error {
            PricingError::Lines(_) => Self::field("items", message),
            PricingError::NoDestination { .. } => Self::field("country", message),
            PricingError::NotDeliverable(_) => Self::new(ErrorCode::NotDeliverable, message),
            PricingError::UnknownOption | PricingError::NothingShipped => {
                Self::field("shippingOptionId", message)
            }
        }
    }
}

impl From<PlaceOrderError> for ApiError {
    fn from(error: PlaceOrderError) -> Self {
        let message = error.to_string();
        match error {
            PlaceOrderError::Cart(error) => error.into(),
            PlaceOrderError::AddressRequired | PlaceOrderError::AddressNotNeeded => {
                Self::field("shippingAddress", message)
            }
            PlaceOrderError::OptionRequired => Self::field("shippingOptionId", message),
            PlaceOrderError::TotalTooLarge(_) | PlaceOrderError::TotalTooSmall(_) => {
                Self::field("items", message)
            }
            PlaceOrderError::TotalChanged(LineAmounts { net, tax, gross }) => {
                let currency = gross.currency();
                let (net, tax, total) = (net.amount(), tax.amount(), gross.amount());
                let now = format!("is {total} {} now: {net} and {tax} of tax", currency.as_str());
                Self::new(ErrorCode::PriceChanged, message).with_field("expectedTotal", now)
            }
            PlaceOrderError::MarketClosed(_) => Self::new(ErrorCode::InvalidState, message),
        }
    }
}

impl From<RefundError> for ApiError {
    fn from(error: RefundError) -> Self {
        let message = error.to_string();
        match error {
            RefundError::Access(error) => error.into(),
            RefundError::ZeroAmount => Self::field("amount.amount", message),
            RefundError::OtherCurrency => Self::field("amount.currency", message),
            RefundError::AmountTooLarge { left, .. } => {
                let rule = format!("must be at most {} {}", left.amount(), left.currency().as_str());
                Self::new(ErrorCode::InvalidState, message).with_field("amount", rule)
            }
            RefundError::NoSuchLine { index } | RefundError::Repeated { index } => {
                Self::field(format!("lines[{index}].productId"), message)
            }
            RefundError::NoShipping => Self::field("shipping", message),
            RefundError::TooManyUnits { index, left, .. } => {
                let field = format!("lines[{index}].quantity");
                Self::new(ErrorCode::InvalidState, message)
                    .with_field(field, format!("must be at most {left}"))
            }
            RefundError::InvalidState(_)
            | RefundError::NothingToRefund(_)
            | RefundError::NothingLeft(_)
            | RefundError::TooMany(..) => Self::new(ErrorCode::InvalidState, message),
        }
    }
}

/// Errors of the fulfilment are unexpected: no request of a caller causes them.
impl From<AdvanceError> for ApiError {
    fn from(error: AdvanceError) -> Self {
        Self::internal(error)
    }
}

impl From<CreateJobError> for ApiError {
    fn from(error: CreateJobError) -> Self {
        match error {
            CreateJobError::Access(error) => error.into(),
            CreateJobError::InvalidRunAt => Self::field("runAt", error),
            CreateJobError::InvalidPeriod => Self::field("params.to", error),
            CreateJobError::TooManyOpen => Self::new(ErrorCode::InvalidState, error.to_string()),
        }
    }
}
