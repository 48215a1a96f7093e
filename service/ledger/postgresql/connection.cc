#include "service/ledger/postgresql/connection.h"

#include <poll.h>
#include <string.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace gateway::ledger {
namespace {

using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

constexpr char kSettings[] =
    "SELECT current_setting('synchronous_commit'), current_setting('fsync'), "
    "current_setting('full_page_writes'), current_setting('synchronous_standby_names')";
constexpr char kSelectVersion[] = "SELECT coalesce(max(version), 0) FROM versions";

std::string NameOf(size_t statement) { return absl::StrCat("gateway", statement); }

// The object identifier of bigint. Cells of all other types are read as bytes.
constexpr Oid kInt8 = 20;

Cell CellOf(const PGresult* result, int row, int column) {
  if (PQgetisnull(result, row, column) != 0) return std::monostate();
  const char* const bytes = PQgetvalue(result, row, column);
  const auto size = static_cast<size_t>(PQgetlength(result, row, column));
  if (PQftype(result, column) != kInt8 || size != 8) return std::string(bytes, size);
  uint64_t number = 0;
  for (size_t i = 0; i < 8; ++i) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return static_cast<int64_t>(number);
}

absl::Status ErrorOf(const PGresult* result) {
  const char* const state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* const text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  const absl::string_view code = absl::NullSafeStringView(state);
  const std::string message = absl::StrCat(absl::NullSafeStringView(text), " (", code, ")");
  if (code == "23505") return absl::AlreadyExistsError(message);
  if (code == "40001" || code == "40P01") return absl::AbortedError(message);
  return absl::UnavailableError(message);
}

absl::StatusOr<PostgresqlResult> Read(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) return ErrorOf(result);
  PostgresqlResult read;
  const int rows = PQntuples(result);
  const int columns = PQnfields(result);
  for (int row = 0; row < rows; ++row) {
    std::vector<Cell>& cells = read.rows.emplace_back();
    for (int column = 0; column < columns; ++column) {
      cells.push_back(CellOf(result, row, column));
    }
  }
  if (!absl::SimpleAtoi(PQcmdTuples(const_cast<PGresult*>(result)), &read.changed))
    read.changed = 0;
  return read;
}

void IgnoreNotice(void*, const PGresult*) {}

std::string TextAt(const std::vector<Cell>& cells, size_t column) {
  const auto* const text =
      column < cells.size() ? std::get_if<std::string>(&cells[column]) : nullptr;
  return text == nullptr ? "" : *text;
}

}  // namespace

PostgresqlConnection::PostgresqlConnection(const PostgresqlParameters& parameters,
                                           const PostgresqlTables& tables, absl::Duration patience)
    : tables_(tables),
      patience_(patience),
      begun_(SteadyTime::Now()),
      handle_(PQconnectStartParams(parameters.keywords().data(), parameters.values().data(), 0)),
      current_(absl::UnavailableError("no answer")) {
  if (handle_ == nullptr || PQstatus(handle_.get()) == CONNECTION_BAD) {
    Die(handle_ == nullptr ? "no memory" : PQerrorMessage(handle_.get()));
  } else {
    PQsetNoticeReceiver(handle_.get(), IgnoreNotice, nullptr);
  }
}

PostgresqlConnection::~PostgresqlConnection() { Die("the gateway ends"); }

short PostgresqlConnection::events() const {  // NOLINT(google-runtime-int)
  if (state_ == kConnecting) return polling_ == PGRES_POLLING_READING ? POLLIN : POLLOUT;
  return has_unsent_ ? POLLIN | POLLOUT : POLLIN;
}

SteadyTime PostgresqlConnection::patience_ends() const {
  if (state_ == kConnecting) return begun_ + patience_;
  return pending_.empty() ? SteadyTime::InfiniteFuture() : pending_.front().ends;
}

void PostgresqlConnection::Work() {
  if (state_ == kDead) return;
  // First what has arrived: this process may have stood still for longer than its patience.
  const bool has_answered = state_ == kConnecting ? Connect() : Receive();
  if (!has_answered && SteadyTime::Now() >= patience_ends()) Die("the database does not answer");
}

bool PostgresqlConnection::Receive() {
  if (PQconsumeInput(handle_.get()) != 1) {
    Die(PQerrorMessage(handle_.get()));
    return false;
  }
  Flush();
  return ReadResults();
}

bool PostgresqlConnection::Connect() {
  polling_ = PQconnectPoll(handle_.get());
  if (polling_ == PGRES_POLLING_FAILED) Die(PQerrorMessage(handle_.get()));
  if (polling_ != PGRES_POLLING_OK) return false;
  if (PQsetnonblocking(handle_.get(), 1) != 0 || PQenterPipelineMode(handle_.get()) != 1) {
    Die("no pipeline mode");
    return false;
  }
  state_ = kChecking;
  Check();
  return true;
}

// If anything is wrong, the connection dies. Its owner reports the reason, and connects again
// later.
void PostgresqlConnection::Check() {
  for (size_t i = 0; i < tables_.statements.size(); ++i) Prepare(i);
  SendText(kSettings,
           [this](const absl::StatusOr<PostgresqlResult>& result) { CheckSettings(result); });
  SendText(kSelectVersion,
           [this](const absl::StatusOr<PostgresqlResult>& result) { CheckVersion(result); });
}

void PostgresqlConnection::CheckSettings(const absl::StatusOr<PostgresqlResult>& settings) {
  if (state_ == kDead) return;
  if (!settings.ok()) return Die(std::string(settings.status().message()));
  const std::vector<Cell> cells = settings->rows.empty() ? std::vector<Cell>() : settings->rows[0];
  constexpr const char* kDurable[] = {"synchronous_commit", "fsync", "full_page_writes"};
  for (size_t i = 0; i < std::size(kDurable); ++i) {
    const std::string value = TextAt(cells, i);
    if (value.empty() || value == "off") {
      return Die(
          absl::StrCat("the database has ", kDurable[i], "=off: it forgets what it confirmed"));
    }
  }
  if (TextAt(cells, 3).empty()) {
    warning_ = "the database has no synchronous standby: a failover may lose what was confirmed";
  } else if (TextAt(cells, 0) == "local") {
    warning_ =
        "the database has synchronous_commit=local, which waits for no standby: a failover may "
        "lose what was confirmed";
  }
}

void PostgresqlConnection::CheckVersion(const absl::StatusOr<PostgresqlResult>& version) {
  if (state_ == kDead) return;
  if (!version.ok()) return Die(std::string(version.status().message()));
  const bool good = version->rows.size() == 1 && version->rows[0].size() == 1 &&
                    version->rows[0][0] == Cell(tables_.version());
  if (!good) {
    return Die(absl::StrCat("the schema of the ", tables_.holder,
                            " is of another version: it has to be migrated"));
  }
  state_ = kReady;
}

void PostgresqlConnection::Prepare(size_t statement) {
  Sent(PQsendPrepare(handle_.get(), NameOf(statement).c_str(),
                     tables_.statements[statement].c_str(), 0, nullptr),
       [this](const absl::StatusOr<PostgresqlResult>& prepared) {
         if (!prepared.ok() && state_ != kDead) {
           Die(absl::StrCat("a statement cannot be prepared: ", prepared.status().message()));
         }
       });
}

void PostgresqlConnection::SendText(const char* sql, Callback callback) {
  if (state_ == kDead) return callback(absl::UnavailableError(reason_));
  Sent(PQsendQueryParams(handle_.get(), sql, 0, nullptr, nullptr, nullptr, nullptr, 1),
       std::move(callback));
}

void PostgresqlConnection::Send(size_t statement, absl::Span<const Value> values,
                                Callback callback) {
  if (state_ == kDead) return callback(absl::UnavailableError(reason_));
  std::vector<std::string> numbers(values.size());
  std::vector<const char*> texts(values.size(), nullptr);
  std::vector<int> lengths(values.size(), 0);
  std::vector<int> formats(values.size(), 0);  // 0: text, 1: bytes
  for (size_t i = 0; i < values.size(); ++i) {
    if (const auto* const number = std::get_if<int64_t>(&values[i])) {
      numbers[i] = absl::StrCat(*number);
      texts[i] = numbers[i].c_str();
    } else if (const auto* const bytes = std::get_if<absl::string_view>(&values[i])) {
      texts[i] = bytes->data();
      lengths[i] = static_cast<int>(bytes->size());
      formats[i] = 1;
    }
  }
  Sent(
      PQsendQueryPrepared(handle_.get(), NameOf(statement).c_str(), static_cast<int>(values.size()),
                          texts.data(), lengths.data(), formats.data(), 1),
      std::move(callback));
}

void PostgresqlConnection::Sent(int accepted, Callback callback) {
  if (state_ == kDead) return callback(absl::UnavailableError(reason_));
  pending_.push_back({std::move(callback), SteadyTime::Now() + patience_});
  // A sync behind each statement makes it a transaction of its own.
  if (accepted != 1 || PQpipelineSync(handle_.get()) != 1) {
    return Die(PQerrorMessage(handle_.get()));
  }
  Flush();
}

void PostgresqlConnection::Flush() {
  const int left = PQflush(handle_.get());
  if (left < 0) return Die(PQerrorMessage(handle_.get()));
  has_unsent_ = left > 0;
}

// For each statement, libpq returns its result, a null, and the sync.
bool PostgresqlConnection::ReadResults() {
  bool has_answered = false;
  while (state_ != kDead && !pending_.empty() && PQisBusy(handle_.get()) == 0) {
    const Result result(PQgetResult(handle_.get()), &PQclear);
    if (result == nullptr) {
      if (PQstatus(handle_.get()) == CONNECTION_BAD) break;
      continue;  // the null behind a result
    }
    if (PQresultStatus(result.get()) != PGRES_PIPELINE_SYNC) {
      // Each statement has a sync of its own, so an error aborts no other statement, and
      // PGRES_PIPELINE_ABORTED never comes.
      current_ = Read(result.get());
      continue;
    }
    Callback callback = std::move(pending_.front().callback);
    pending_.pop_front();
    const absl::StatusOr<PostgresqlResult> read =
        std::exchange(current_, absl::UnavailableError("no answer"));
    has_answered = true;
    callback(read);
  }
  if (state_ != kDead && PQstatus(handle_.get()) == CONNECTION_BAD) {
    Die(PQerrorMessage(handle_.get()));
  }
  return has_answered;
}

void PostgresqlConnection::Die(const std::string& reason) {
  if (state_ == kDead) return;
  state_ = kDead;
  reason_ = std::string(absl::StripAsciiWhitespace(reason));
  std::deque<Pending> pending = std::exchange(pending_, {});
  for (Pending& one : pending) one.callback(absl::UnavailableError(reason_));
}

}  // namespace gateway::ledger
