//! A provider that is all script: it knows the truth, answers in pages, and fails when it is told to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::record_bars::DecodedRow;
use crate::{
    AssetClass, BarRequest, BarValues, Basis, CallBudget, Clock, CorporateAction, Currency, Fetched, Instrument,
    Interval, MarketDataProvider, OfferedInterval, Page, Price, ProviderCapabilities, ProviderError, SourceName,
    Symbol, SymbolMatch, TimeRange, Timestamp, Tolerance, Volume,
};

/// What becomes of one call instead of the true answer.
enum Twist {
    /// It is answered otherwise.
    Answer(Box<dyn FnOnce(Fetched) -> Result<Fetched, ProviderError> + Send>),
    /// It is never answered.
    Silence,
}

/// A source of bars in memory.
///
/// It tells those of its bars that have opened by its clock, in pages as it declares them, and keeps a log of what it was
/// asked. Calls of bars are counted from 0 over its whole life; each can be made to fail, to answer otherwise, or
/// never to answer.
///
/// At first it offers raw, exact bars of every length and class, whole and without bounds, and no corporate actions.
pub struct FakeProvider {
    name: SourceName,
    clock: Arc<dyn Clock>,
    script: Mutex<Script>,
}

struct Script {
    capabilities: ProviderCapabilities,
    currency: Option<Currency>,
    symbols: BTreeMap<Symbol, SymbolMatch>,
    bars: BTreeMap<(Symbol, Interval), BTreeMap<Timestamp, BarValues>>,
    actions: BTreeMap<Symbol, Vec<CorporateAction>>,
    twists: BTreeMap<usize, Twist>,
    asked: Vec<BarRequest>,
    asked_for_actions: Vec<Symbol>,
    described: Vec<Symbol>,
}

impl FakeProvider {
    /// A provider that knows nothing yet.
    #[must_use]
    pub fn new(name: SourceName, clock: Arc<dyn Clock>) -> Self {
        let offered = |interval| OfferedInterval {
            interval,
            look_back: None,
            since: None,
            page: Page::Whole,
        };
        let capabilities = ProviderCapabilities {
            asset_classes: AssetClass::ALL.to_vec(),
            intervals: Interval::ALL.into_iter().map(offered).collect(),
            basis: Basis::Raw,
            tolerance: Tolerance::Exact,
            silence_means_no_trade: true,
            calls_per_minute: None,
            calls_per_day: None,
            corporate_actions: false,
            search: true,
        };
        Self {
            name,
            clock,
            script: Mutex::new(Script {
                capabilities,
                currency: None,
                symbols: BTreeMap::new(),
                bars: BTreeMap::new(),
                actions: BTreeMap::new(),
                twists: BTreeMap::new(),
                asked: Vec::new(),
                asked_for_actions: Vec::new(),
                described: Vec::new(),
            }),
        }
    }

    /// Declares something else.
    pub fn declare(&self, change: impl FnOnce(&mut ProviderCapabilities)) {
        change(&mut self.open().capabilities);
    }

    /// Declares for every interval how much one answer holds.
    pub fn page_by(&self, page: Page) {
        self.declare(|capabilities| {
            let intervals = capabilities.intervals.iter_mut();
            intervals.for_each(|offered| offered.page = page);
        });
    }

    /// Says with each answer what its prices are in.
    pub fn quote_in(&self, currency: Currency) {
        self.open().currency = Some(currency);
    }

    /// Knows a symbol.
    pub fn know(&self, symbol: SymbolMatch) {
        self.open().symbols.insert(symbol.spelling.clone(), symbol);
    }

    /// Has these bars, and no others of that length, of a symbol that it knows from now on at the latest.
    pub fn have_bars(&self, spelling: &Symbol, interval: Interval, bars: impl IntoIterator<Item = BarValues>) {
        let mut script = self.open();
        let bars = bars.into_iter().map(|values| (values.opened_at, values)).collect();
        script.bars.insert((spelling.clone(), interval), bars);
        script.symbols.entry(spelling.clone()).or_insert_with(|| SymbolMatch {
            spelling: spelling.clone(),
            symbol: None,
            name: spelling.as_str().to_owned(),
            asset_class: None,
            exchange: None,
            currency: None,
        });
    }

    /// Has these splits and dividends, and no others.
    pub fn have_actions(&self, spelling: &Symbol, actions: Vec<CorporateAction>) {
        self.open().actions.insert(spelling.clone(), actions);
    }

    /// Fails at one call of bars.
    pub fn fail_at(&self, call: usize, error: ProviderError) {
        self.twist_at(call, |_| Err(error));
    }

    /// Changes the answer to one call of bars.
    pub fn twist_at(
        &self,
        call: usize,
        twist: impl FnOnce(Fetched) -> Result<Fetched, ProviderError> + Send + 'static,
    ) {
        self.open().twists.insert(call, Twist::Answer(Box::new(twist)));
    }

    /// Never answers one call of bars.
    pub fn hang_at(&self, call: usize) {
        self.open().twists.insert(call, Twist::Silence);
    }

    /// Answers truly from here on, whatever was to become of later calls.
    pub fn forget_twists(&self) {
        self.open().twists.clear();
    }

    /// What it was asked for, in order, failed calls included.
    #[must_use]
    pub fn requests(&self) -> Vec<BarRequest> {
        self.open().asked.clone()
    }

    /// The ranges that it was asked for, in order, failed calls included.
    #[must_use]
    pub fn ranges(&self) -> Vec<TimeRange> {
        self.open().asked.iter().map(|request| request.range).collect()
    }

    /// Of what it was asked for splits and dividends, in order.
    #[must_use]
    pub fn requests_for_actions(&self) -> Vec<Symbol> {
        self.open().asked_for_actions.clone()
    }

    /// What it was asked to describe, in order.
    #[must_use]
    pub fn descriptions(&self) -> Vec<Symbol> {
        self.open().described.clone()
    }

    fn open(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A bar of one trade without a volume.
#[must_use]
pub fn flat_bar(opened_at: Timestamp, price: Price) -> BarValues {
    BarValues {
        opened_at,
        open: price,
        high: price,
        low: price,
        close: price,
        volume: Volume::ZERO,
        trade_count: Some(1),
        vwap: None,
    }
}

impl Script {
    fn answer(&self, request: &BarRequest, now: Timestamp) -> Result<Fetched, ProviderError> {
        let BarRequest {
            spelling,
            interval,
            range,
            ..
        } = request;
        let offered = self.capabilities.offered(*interval);
        let offered = offered.ok_or(ProviderError::UnsupportedInterval(*interval))?;
        if !self.symbols.contains_key(spelling) {
            return Err(ProviderError::UnknownSymbol(spelling.clone()));
        }
        if range.start() < offered.reach(now) {
            return Err(ProviderError::OutOfReach {
                detail: format!("{} is before {}", range.start(), offered.reach(now)),
            });
        }
        let page = first_page(*range, offered.page);
        let bars = self.bars.get(&(spelling.clone(), *interval));
        let mut told: Vec<BarValues> = bars
            .into_iter()
            .flat_map(|bars| bars.range(page.start()..page.end()).map(|(_, values)| values.clone()))
            .take_while(|values| values.opened_at <= now)
            .collect();
        let mut covered = page;
        if let Page::Bars(most) = offered.page {
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            if told.len() >= most {
                told.truncate(most);
                let behind = told.last().map(|last| interval.next_opening(last.opened_at));
                let end = behind.unwrap_or(page.end()).min(page.end());
                covered = TimeRange::new(page.start(), end).unwrap_or(page);
            }
        }
        Ok(Fetched {
            minutes_past_hour: minutes_past_hour(*interval, &told),
            rows: told.into_iter().enumerate().map(row).collect(),
            covered: Some(covered),
            actions: Vec::new(),
            currency: self.currency.clone(),
            gives_volume: true,
            fetched_at: now,
        })
    }
}

/// The part of a range for which one answer speaks at most.
fn first_page(range: TimeRange, page: Page) -> TimeRange {
    let end = match page {
        Page::Whole | Page::Bars(_) => None,
        Page::Span(span) => range.start().checked_add(span),
        Page::Month => Timestamp::midnight(Interval::OneMonth.next_period(range.start().date())).ok(),
    };
    TimeRange::new(range.start(), end.unwrap_or(Timestamp::MAX).min(range.end())).unwrap_or(range)
}

/// Hourly bars open where the first one does.
fn minutes_past_hour(interval: Interval, bars: &[BarValues]) -> u8 {
    let minute = |opened_at: Timestamp| u8::try_from(opened_at.unix_seconds().rem_euclid(3_600) / 60).unwrap_or(0);
    match (interval, bars.first()) {
        (Interval::OneHour | Interval::FourHours, Some(first)) => minute(first.opened_at),
        _ => 0,
    }
}

fn row((index, values): (usize, BarValues)) -> DecodedRow {
    DecodedRow {
        index: u64::try_from(index).unwrap_or(u64::MAX),
        raw: format!("{},{}", values.opened_at, values.close),
        values: Ok(values),
    }
}

#[async_trait]
impl MarketDataProvider for FakeProvider {
    fn name(&self) -> SourceName {
        self.name.clone()
    }

    fn capabilities(&self) -> ProviderCapabilities {
        self.open().capabilities.clone()
    }

    fn budgets(&self) -> Vec<CallBudget> {
        Vec::new()
    }

    async fn fetch_bars(&self, request: &BarRequest) -> Result<Fetched, ProviderError> {
        let now = self.clock.now();
        let (answer, twist) = {
            let mut script = self.open();
            let call = script.asked.len();
            let twist = script.twists.remove(&call);
            script.asked.push(request.clone());
            (script.answer(request, now), twist)
        };
        match twist {
            Some(Twist::Answer(twist)) => twist(answer?),
            Some(Twist::Silence) => std::future::pending().await,
            None => answer,
        }
    }

    async fn fetch_corporate_actions(
        &self,
        spelling: &Symbol,
        _instrument: &Instrument,
    ) -> Result<Vec<CorporateAction>, ProviderError> {
        let mut script = self.open();
        script.asked_for_actions.push(spelling.clone());
        if !script.symbols.contains_key(spelling) {
            return Err(ProviderError::UnknownSymbol(spelling.clone()));
        }
        Ok(script.actions.get(spelling).cloned().unwrap_or_default())
    }

    async fn search_symbols(&self, text: &str) -> Result<Vec<SymbolMatch>, ProviderError> {
        let sought = text.to_ascii_uppercase();
        let script = self.open();
        let found = script
            .symbols
            .values()
            .filter(|known| known.spelling.to_upper().contains(&sought));
        Ok(found.cloned().collect())
    }

    async fn describe_symbol(&self, spelling: &Symbol) -> Result<SymbolMatch, ProviderError> {
        let mut script = self.open();
        script.described.push(spelling.clone());
        let known = script.symbols.get(spelling).cloned();
        known.ok_or_else(|| ProviderError::UnknownSymbol(spelling.clone()))
    }
}
