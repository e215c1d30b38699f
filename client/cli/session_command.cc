#include "client/cli/session_command.h"

#include <unistd.h>

#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/cli/ask_all.h"
#include "client/cli/host_flags.h"
#include "client/cli/json.h"
#include "client/cli/terminal.h"
#include "client/cli/text_table.h"
#include "client/diagnosis/words.h"
#include "client/find_hosts.h"
#include "client/host.h"
#include "client/host_entry.h"

namespace standoff::client {
namespace {

// A host that answers no sooner counts as one that can't be reached. The end of
// a session may take 5 s.
constexpr absl::Duration kPatience = absl::Seconds(15);

struct SessionFlags {
  HostChoice hosts;
  // Of the session to delete.
  std::string name;
  bool json = false;
};

// The hosts, for calls that are in no session: those would renew its lease.
absl::StatusOr<std::vector<HostEntry>> Find(const HostChoice& choice) {
  absl::StatusOr<std::vector<HostEntry>> entries = FindHosts(choice);
  if (!entries.ok()) {
    PrintError(entries.status().message());
    return entries;
  }
  for (HostEntry& entry : *entries) entry.session.clear();
  return entries;
}

template <typename Request>
absl::StatusOr<ResponseTo<Request>> Ask(const HostEntry& entry,
                                        const Request& request) {
  const absl::StatusOr<Host> host = Connect(entry);
  if (!host.ok()) return host.status();
  return host->Run(request, {.deadline = kPatience});
}

std::string Counted(uint32_t number, absl::string_view what) {
  return absl::StrCat(number, " ", what, number == 1 ? "" : "s");
}

std::string LeaseWords(const v1::Session& session) {
  if (session.lease_seconds() == 0) return "none";
  const std::string lease = TimeWords(absl::Seconds(session.lease_seconds()));
  if (!session.has_lease_left()) return absl::StrCat(lease, ", in use");
  return absl::StrCat(
      lease, ", ",
      TimeWords(absl::Seconds(session.lease_left().seconds()) +
                absl::Nanoseconds(session.lease_left().nanos())),
      " left");
}

void AddRow(const HostEntry& host, const v1::Session& session,
            TextTable& table) {
  table.Add(
      {{host.name},
       {session.name(), Tone::kBold},
       {absl::StrCat(session.sockets())},
       {absl::StrCat(session.actors())},
       {absl::StrCat(session.operations())},
       {LeaseWords(session)},
       {absl::StrJoin(session.labels(), ", ", absl::PairFormatter("="))}});
}

int RunList(const SessionFlags& flags) {
  absl::StatusOr<std::vector<HostEntry>> hosts = Find(flags.hosts);
  if (!hosts.ok()) return kUsage;
  const auto answers = AskAll(*hosts, [](const HostEntry& entry) {
    return Ask(entry, v1::SessionServiceListRequest());
  });
  int status = kSuccess;
  TextTable table({"HOST", "SESSION", "SOCKETS", "ACTORS", "OPERATIONS",
                   "LEASE", "LABELS"});
  Json json = {{"hosts", Json::array()}};
  for (size_t i = 0; i < hosts->size(); ++i) {
    const HostEntry& host = (*hosts)[i];
    Json entry = {{"name", host.name}, {"address", host.address}};
    absl::Status problem = answers[i].status();
    if (answers[i].ok()) {
      for (const v1::Session& session : answers[i]->sessions()) {
        AddRow(host, session, table);
      }
      if (flags.json) {
        absl::StatusOr<Json> list = AsJson(*answers[i]);
        problem = list.status();
        if (list.ok()) entry.update(*list);
      }
    }
    if (!problem.ok()) {
      PrintError(problem.message());
      entry["error"] = std::string(problem.message());
      status = kFailure;
    }
    json["hosts"].push_back(std::move(entry));
  }
  if (flags.json) {
    std::cout << FormatJson(json);
  } else {
    std::cout << table.Render(Style(WantsColour(STDOUT_FILENO)));
  }
  return status;
}

int RunDelete(const SessionFlags& flags) {
  absl::StatusOr<std::vector<HostEntry>> hosts = Find(flags.hosts);
  if (!hosts.ok()) return kUsage;
  const auto answers = AskAll(*hosts, [&](const HostEntry& entry) {
    v1::DeleteRequest request;
    request.set_name(flags.name);
    return Ask(entry, request);
  });
  bool has_failed = false;
  bool was_anywhere = false;
  for (size_t i = 0; i < hosts->size(); ++i) {
    if (absl::IsNotFound(answers[i].status())) continue;
    if (!answers[i].ok()) {
      PrintError(answers[i].status().message());
      has_failed = true;
      continue;
    }
    was_anywhere = true;
    std::cout << (*hosts)[i].name << ": deleted session " << flags.name << ": "
              << Counted(answers[i]->sockets(), "socket") << " closed, "
              << Counted(answers[i]->operations(), "operation")
              << " cancelled\n";
  }
  if (!was_anywhere && !has_failed) {
    PrintError(absl::StrCat("no host has a session \"", flags.name, "\""));
  }
  return was_anywhere && !has_failed ? kSuccess : kFailure;
}

}  // namespace

void AddSessionCommand(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "session", "Lists the sessions of hosts, and ends them.");
  command->require_subcommand(1);
  auto flags = std::make_shared<SessionFlags>();

  CLI::App* list = command->add_subcommand(
      "list",
      "Lists the sessions of all hosts: what they have, and their leases.");
  list->footer(absl::StrCat(
      "Looking renews no lease.\n", kHostsFooter,
      "\nA host that can't be reached is reported, the others are shown, and "
      "the exit status is 1."));
  AddHostFlags(*list, flags->hosts);
  list->add_flag("--json", flags->json, "Writes JSON, for machines.");
  list->callback(
      [&action, flags] { action = [flags] { return RunList(*flags); }; });

  CLI::App* remove = command->add_subcommand(
      "delete",
      "Ends a session on each host that has it: cancels its operations, ends "
      "its actors and closes its sockets. The session \"default\" is emptied "
      "and stays.");
  remove->footer(absl::StrCat(
      "Whoever works in the session is told that it is gone.\n", kHostsFooter,
      "\nExit statuses: 0, it is deleted; 1, no host has it, or one can't be "
      "reached; 2, wrong usage."));
  AddHostFlags(*remove, flags->hosts);
  remove->add_option("NAME", flags->name, "The session's name.")
      ->option_text(" ")
      ->required()
      ->check(SessionName());
  remove->callback(
      [&action, flags] { action = [flags] { return RunDelete(*flags); }; });
}

}  // namespace standoff::client
