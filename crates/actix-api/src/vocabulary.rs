//! Values of the domain as they stand in bodies and in the OpenAPI document: names of closed lists, and instants.

use domain::query_gaps::GapFilter;
use domain::{
    Adjustment, AssetClass, BarState, Basis, CorporateActionKind, Interval, RevisionKind, RunState, Timestamp,
};
use serde::{Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

macro_rules! vocabulary {
    ($($name:ident($value:ty) $schema:literal $doc:literal $all:expr)+) => { $(
        #[doc = $doc]
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $name(pub(crate) $value);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.0.as_str())
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let names = $all.into_iter().map(<$value>::as_str);
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .enum_values(Some(names))
                    .description(Some($doc))
                    .into()
            }
        }

        impl ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                $schema.into()
            }
        }
    )+ };
}

vocabulary! {
    AssetClassName(AssetClass) "AssetClass" "What an instrument is." AssetClass::ALL
    IntervalName(Interval) "Interval" "How much time one bar spans." Interval::ALL
    BasisName(Basis) "Basis" "What stored prices are: as traded, or adjusted by their source." Basis::ALL
    AdjustmentName(Adjustment) "Adjustment" "Which corporate actions are counted into prices." Adjustment::ALL
    RevisionKindName(RevisionKind) "RevisionKind" "Why a bar is no longer believed as it was."
        [RevisionKind::Restated, RevisionKind::Confirmed, RevisionKind::Removed]
    ActionKindName(CorporateActionKind) "CorporateActionKind" "What happened to a share."
        [CorporateActionKind::Split, CorporateActionKind::Dividend]
    BarStateName(BarState) "MissingBarState" "What is known of a bar that is not there."
        [BarState::Unknown, BarState::ConfirmedEmpty]
    RunStateName(RunState) "RunState" "Where a run stands." RunState::ALL
    GapFilterName(GapFilter) "GapFilter" "Which missing bars are meant: gaps, those that a source was asked for and had not, or both."
        GapFilter::ALL
}

/// An instant in UTC, RFC 3339.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Utc(pub(crate) Timestamp);

impl Serialize for Utc {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl PartialSchema for Utc {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("An instant in UTC, RFC 3339."))
            .examples(["2024-01-02T00:00:00Z"])
            .into()
    }
}

impl ToSchema for Utc {
    fn name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }
}
