#include "client/diagnosis/doing.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/action.h"
#include "client/diagnosis/words.h"

namespace standoff::client {
namespace {

// The greater, the nearer to acting.
int Nearness(v1::Activity activity) {
  switch (activity) {
    case v1::ACTIVITY_RUNNING:
      return 4;
    case v1::ACTIVITY_UNSPECIFIED:
      return 3;
    case v1::ACTIVITY_BLOCKED:
      return 2;
    case v1::ACTIVITY_SLEEPING:
      return 1;
    default:
      return 0;
  }
}

}  // namespace

std::string Doing::CallWords(size_t caller) const {
  const Caller& party = look_.world.callers()[caller];
  const BlockedOperation& call = look_.world.calls()[*party.call];
  std::string words = absl::StrCat("is blocked in ",
                                   call.operation == nullptr
                                       ? call.thread->syscall()
                                       : ActionName(call.operation->action()));
  if (!call.waits.empty() && call.waits[0].endpoint.has_value()) {
    absl::StrAppend(
        &words, " on ",
        look_.world.endpoints()[*call.waits[0].endpoint].ref.title());
    if (call.waits.size() > 1) absl::StrAppend(&words, " and others");
  }
  const Outlook& outlook = look_.outlooks[*party.call];
  if (deadlocks_.knot_of[*party.call].has_value()) {
    absl::StrAppend(&words, ", deadlocked");
  } else if (outlook.ends_in.has_value()) {
    absl::StrAppend(&words, " for at most ", TimeWords(*outlook.ends_in),
                    " more (", outlook.ended_by, ")");
  } else if (party.is_script) {
    absl::StrAppend(&words, "; the script that made the call could act");
  }
  return words;
}

std::string Doing::Words(size_t caller) const {
  const Caller& party = look_.world.callers()[caller];
  const std::string& title = party.party.title();
  switch (party.party.activity()) {
    case v1::ACTIVITY_IDLE:
      return absl::StrCat(title,
                          " has nothing to do: your script must start an "
                          "operation there");
    case v1::ACTIVITY_SCRIPT:
      return absl::StrCat("no call is in progress there (", title,
                          " was the last): your script must make one");
    case v1::ACTIVITY_STOPPED:
      return absl::StrCat(title, " is stopped by a signal");
    case v1::ACTIVITY_TRACED:
      return absl::StrCat(title, " is stopped by a tracer, such as a debugger");
    case v1::ACTIVITY_FROZEN:
      return absl::StrCat(title, " is frozen, with its control group");
    case v1::ACTIVITY_SLEEPING:
      return party.party.sleeps_in().empty()
                 ? absl::StrCat(title, " sleeps")
                 : absl::StrCat(title, " sleeps in ", party.party.sleeps_in());
    default:
      break;
  }
  if (party.call.has_value()) {
    return absl::StrCat(title, " ", CallWords(caller));
  }
  if (party.party.activity() == v1::ACTIVITY_UNSPECIFIED) {
    return absl::StrCat("what ", title, " does could not be read");
  }
  return absl::StrCat(title,
                      party.process == nullptr ? " is at work" : " is running");
}

bool Doing::IsBusy(size_t caller) const {
  const Caller& party = look_.world.callers()[caller];
  return !party.is_script && party.party.activity() != v1::ACTIVITY_IDLE &&
         !IsHeld(party.party.activity());
}

std::optional<size_t> Doing::Busiest(const std::vector<size_t>& callers) const {
  std::optional<size_t> busiest;
  const auto nearness = [this](size_t caller) {
    return Nearness(look_.world.callers()[caller].party.activity());
  };
  for (const size_t caller : callers) {
    if (!IsBusy(caller)) continue;
    if (!busiest.has_value() || nearness(caller) > nearness(*busiest)) {
      busiest = caller;
    }
  }
  return busiest;
}

std::optional<size_t> Doing::Held(const std::vector<size_t>& callers) const {
  const bool all_held =
      !callers.empty() &&
      std::all_of(callers.begin(), callers.end(), [this](size_t caller) {
        return IsHeld(look_.world.callers()[caller].party.activity());
      });
  if (!all_held) return std::nullopt;
  return callers[0];
}

}  // namespace standoff::client
