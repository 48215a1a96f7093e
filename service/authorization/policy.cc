#include "service/authorization/policy.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace gateway::authorization {
namespace {

using Section = ConfigReader::Section;

constexpr absl::string_view kSpiffe = "spiffe://";

// "package.Service/*" and "package.Service/Method" -> "package.Service".
absl::string_view ServiceOf(absl::string_view method) { return method.substr(0, method.find('/')); }

// Returns the method's name, with the v1alpha version of reflection written as v1. Clients try both
// versions, so a rule for either version covers both.
std::string OneName(absl::string_view method) {
  return absl::StrReplaceAll(method, {{"grpc.reflection.v1alpha.", "grpc.reflection.v1."}});
}

bool Covers(absl::string_view pattern, const Method& method) {
  if (pattern == "*") return method.named == Method::Named::kNeedNotBe;
  if (pattern == "read") return method.kind == Kind::kRead && !method.credential;
  if (pattern == "write") return method.kind == Kind::kWrite && !method.credential;
  const std::string name = OneName(method.name);
  const std::string covered = OneName(pattern);
  if (absl::EndsWith(covered, "/*")) {
    return method.named != Method::Named::kByName && ServiceOf(covered) == ServiceOf(name);
  }
  return covered == name;
}

bool Covers(const Rule& rule, const Method& method) {
  const bool upstream = rule.upstreams.empty() || method.of_subscriptions ||
                        std::find(rule.upstreams.begin(), rule.upstreams.end(), method.upstream) !=
                            rule.upstreams.end();
  return upstream && std::any_of(rule.methods.begin(), rule.methods.end(),
                                 [&](const std::string& p) { return Covers(p, method); });
}

// Refuses `*` in these texts: it would be compared letter by letter, and its author meant "any".
void RefuseAll(Section& section, absl::string_view key, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    if (text == "*") section.Fail(key, "a * is not understood here: leave it out for all");
  }
}

void ReadCaller(Section& section, Rule& rule) {
  std::vector<std::string> spiffe;
  section.Read("spiffe", "SPIFFE IDs of clients' certificates; one that ends with /* is a prefix.",
               spiffe);
  for (std::string& id : spiffe) {
    if (!absl::StartsWith(id, kSpiffe) || id.size() == kSpiffe.size()) {
      section.Fail("spiffe", "expected IDs that begin with spiffe:// and a trust domain");
    } else if (absl::StartsWith(id, "spiffe:///") || id == "spiffe://*") {
      section.Fail("spiffe", "names no trust domain: it would match everybody");
    } else if (absl::EndsWith(id, "/*")) {
      id.pop_back();
      rule.spiffe_prefixes.push_back(std::move(id));
    } else if (absl::StrContains(id, '*')) {
      section.Fail("spiffe", "a * can stand after a slash at the end, and nowhere else");
    } else {
      rule.spiffe.insert(std::move(id));
    }
  }
  std::vector<std::string> dns;
  section.Read("dns", "DNS names of clients' certificates.", dns);
  for (const std::string& name : dns) {
    if (absl::StrContains(name, '*')) section.Fail("dns", "a * is not understood here");
    rule.dns.insert(absl::AsciiStrToLower(name));
  }
  std::vector<std::string> subjects;
  section.Read("subjects", "Subjects of tokens.", subjects);
  RefuseAll(section, "subjects", subjects);
  rule.subjects.insert(subjects.begin(), subjects.end());
  section.ReadTexts("claims", "claim", "Claims of tokens: the text, or one of a list.",
                    rule.claims);
  for (const auto& [claim, text] : rule.claims) {
    if (text.empty()) section.Fail(absl::StrCat("claims.", claim), "is empty: name a text");
    RefuseAll(section, absl::StrCat("claims.", claim), {text});
  }
  section.Read("anyone", "Whoever gets a connection, without any proof of identity.", rule.anyone);
  const bool somebody =
      !spiffe.empty() || !dns.empty() || !subjects.empty() || !rule.claims.empty();
  if (section.present() && rule.anyone == somebody) {
    section.Fail("", "say who: spiffe, dns, subjects or claims; or else anyone");
  }
}

// Returns ": " and the name, for an error message. Returns "" if the text does not look like the
// name of a method: it may be a secret that was put into the file by mistake.
std::string Shown(absl::string_view name) {
  constexpr size_t kMost = 200;
  const auto of_a_name = [](char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '/' || c == '_' || c == '*';
  };
  const bool method = absl::StrContains(name, '.') && absl::StrContains(name, '/');
  if (!method || name.size() > kMost || !std::all_of(name.begin(), name.end(), of_a_name))
    return "";
  return absl::StrCat(": ", name);
}

void ReadMethods(Section& section, const std::vector<Method>& methods, Rule& rule) {
  section.Read("methods",
               "`package.Service/Method`, `package.Service/*`, `read`, `write` or `*`. "
               "`read` and `write` leave out methods that carry credentials, `*` those of the "
               "ledger and of events.",
               rule.methods);
  if (section.present() && rule.methods.empty()) section.Fail("methods", "is required");
  for (const std::string& pattern : rule.methods) {
    if (std::none_of(methods.begin(), methods.end(),
                     [&](const Method& method) { return Covers(pattern, method); })) {
      section.Fail("methods",
                   absl::StrCat("names a method or service that there is not", Shown(pattern)));
    }
  }
  section.Read("upstreams", "Whose methods, or whose events; empty: all.", rule.upstreams);
  for (const std::string& upstream : rule.upstreams) {
    if (std::none_of(methods.begin(), methods.end(),
                     [&](const Method& method) { return method.upstream == upstream; })) {
      section.Fail("upstreams", "names an upstream that there is not");
    }
  }
  std::vector<std::string> stores;
  section.Read("stores", "Stores that the calls may be about; empty: all.", stores);
  RefuseAll(section, "stores", stores);
  rule.stores.insert(stores.begin(), stores.end());
}

}  // namespace

bool Rule::FitsSpiffe(const Identity& caller) const {
  if (!caller.spiffe.empty() && spiffe.contains(caller.spiffe)) return true;
  return std::any_of(
      spiffe_prefixes.begin(), spiffe_prefixes.end(),
      [&](const std::string& prefix) { return absl::StartsWith(caller.spiffe, prefix); });
}

absl::string_view Rule::KnowsAs(const Identity& caller) const {
  if (FitsSpiffe(caller)) return "";
  for (const std::string& name : caller.dns) {
    if (dns.contains(name)) return name;
  }
  return "";
}

std::string Rule::CertificateNameOf(const Identity& caller) const {
  if (FitsSpiffe(caller)) return caller.spiffe;
  const absl::string_view name = KnowsAs(caller);
  return name.empty() ? "" : absl::StrCat("dns:", name);
}

std::string Rule::IdentityOf(const Identity& caller) const {
  const bool by_token = !subjects.empty() || !claims.empty() || anyone;
  if (by_token && caller.claims != nullptr) {
    return absl::StrCat("token ", caller.claims->issuer(), " ", caller.claims->subject);
  }
  return anyone ? caller.spiffe : CertificateNameOf(caller);
}

bool Rule::Fits(const Identity& caller) const {
  if (anyone) return true;
  if (!spiffe.empty() || !spiffe_prefixes.empty() || !dns.empty()) {
    if (!FitsSpiffe(caller) && KnowsAs(caller).empty()) return false;
  }
  if (subjects.empty() && claims.empty()) return true;
  if (caller.claims == nullptr) return false;
  if (!subjects.empty() && !subjects.contains(caller.claims->subject)) return false;
  return std::all_of(claims.begin(), claims.end(), [&](const auto& claim) {
    return caller.claims->Has(claim.first, claim.second);
  });
}

const Rule* Grant::For(absl::string_view store) const {
  if (any != nullptr) return any;
  for (const Rule* rule : rules_of_stores) {
    if (rule->stores.empty() || rule->stores.contains(store)) return rule;
  }
  return nullptr;
}

const Rule* Grant::ForSubscription(const Names& providers, const Names& stores) const {
  const auto covers = [](const auto& allowed, const Names& asked) {
    if (allowed.empty()) return true;
    return !asked.empty() && std::all_of(asked.begin(), asked.end(), [&](const auto& name) {
      return std::find(allowed.begin(), allowed.end(), name) != allowed.end();
    });
  };
  for (const Rule* const rule : rules_of_stores) {
    if (covers(rule->upstreams, providers) && covers(rule->stores, stores)) return rule;
  }
  return nullptr;
}

absl::StatusOr<std::unique_ptr<const Policy>> Policy::Parse(const std::string& file,
                                                            absl::string_view text,
                                                            const std::vector<Method>& methods) {
  absl::StatusOr<nlohmann::json> json = ParseJson(file, text);
  if (!json.ok()) return json.status();
  std::unique_ptr<Policy> policy(new Policy);
  ConfigReader reader(file, *std::move(json));
  {
    Section root = reader.Root();
    root.Read("dry_run", "Refuse nothing; log what would be refused.", policy->dry_run_);
    root.Each("rules", "rule", "By names of your own.",
              [&](const std::string& name, Section& section) {
                Rule rule;
                rule.name = name;
                ReadCaller(section, rule);
                ReadMethods(section, methods, rule);
                if (section.present()) policy->rules_.push_back(std::move(rule));
              });
  }
  if (const absl::Status status = reader.status(); !status.ok()) return status;
  policy->Compile(methods);
  return policy;
}

void Policy::Compile(const std::vector<Method>& methods) {
  tables_.resize(methods.size());
  for (size_t i = 0; i < methods.size(); ++i) {
    tables_[i].of_subscriptions = methods[i].of_subscriptions;
    for (const Rule& rule : rules_) {
      if (!Covers(rule, methods[i])) continue;
      const bool only_ids =
          !rule.spiffe.empty() && rule.spiffe_prefixes.empty() && rule.dns.empty();
      if (!only_ids) tables_[i].others.push_back(&rule);
      for (const std::string& id : rule.spiffe) {
        if (only_ids) tables_[i].by_spiffe[id].push_back(&rule);
      }
    }
  }
}

Grant Policy::Judge(size_t method, const Identity& caller) const {
  Grant grant;
  const Table& table = tables_[method];
  const auto look = [&](const std::vector<const Rule*>& rules) {
    for (const Rule* rule : rules) {
      if (grant.any != nullptr) return;
      if (!rule->Fits(caller)) continue;
      const bool any = rule->stores.empty() && !table.of_subscriptions;
      if (any) grant.any = rule;
      if (!any) grant.rules_of_stores.push_back(rule);
    }
  };
  const auto known = table.by_spiffe.find(caller.spiffe);
  if (known != table.by_spiffe.end()) look(known->second);
  look(table.others);
  return grant;
}

}  // namespace gateway::authorization
