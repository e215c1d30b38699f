#include "client/hosts_file.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/diagnosis/ip_end.h"
#include "client/host_address.h"

namespace standoff::client {
namespace {

// How much of a wrong text a message repeats.
constexpr size_t kShown = 64;

// A place in the file: what it is called, and its node.
class Place {
 public:
  Place(const std::string& path, std::string field, YAML::Node node)
      : path_(path), field_(std::move(field)), node_(std::move(node)) {}

  const YAML::Node& node() const { return node_; }

  absl::Status Error(absl::string_view problem) const {
    const YAML::Mark mark = node_.Mark();
    return absl::InvalidArgumentError(absl::StrCat(
        path_, ":", mark.is_null() ? 1 : mark.line + 1, ": ",
        field_.empty() ? "" : absl::StrCat(field_, ": "), problem));
  }

  Place Field(absl::string_view name, YAML::Node node) const {
    return Place(
        path_,
        field_.empty() ? std::string(name) : absl::StrCat(field_, ".", name),
        std::move(node));
  }
  Place Element(size_t index, YAML::Node node) const {
    return Place(path_, absl::StrCat(field_, "[", index, "]"), std::move(node));
  }

  // For paths in the file.
  std::string Resolve(const std::string& file) const {
    return (std::filesystem::path(path_).parent_path() / file).string();
  }

 private:
  const std::string& path_;
  std::string field_;
  YAML::Node node_;
};

absl::string_view Kind(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Scalar:
      return "a text";
    case YAML::NodeType::Sequence:
      return "a list";
    case YAML::NodeType::Map:
      return "a mapping";
    default:
      return "nothing";
  }
}

// A field that a mapping may have, and what to do with its value.
struct Field {
  absl::string_view name;
  std::function<absl::Status(const Place& place)> read;
};

// Hands the values of a mapping's fields out, in the file's order.
absl::Status ReadMapping(const Place& place, const std::vector<Field>& fields) {
  const auto expected = [&] {
    return absl::StrJoin(fields, ", ", [](std::string* out, const Field& f) {
      absl::StrAppend(out, f.name);
    });
  };
  if (!place.node().IsMap()) {
    return place.Error(absl::StrCat("it is ", Kind(place.node()),
                                    ": expected a mapping with the fields ",
                                    expected()));
  }
  std::set<absl::string_view> seen;
  for (const auto& entry : place.node()) {
    const YAML::Node& key = entry.first;
    const YAML::Node& value = entry.second;
    const std::string name = key.IsScalar() ? key.Scalar() : "";
    const Field* field = nullptr;
    for (const Field& candidate : fields) {
      if (candidate.name == name) field = &candidate;
    }
    // The key's line: a value may be on the next.
    const Place at = place.Field(
        key.IsScalar()
            ? absl::CHexEscape(absl::string_view(name).substr(0, kShown))
            : "?",
        key);
    if (field == nullptr) {
      return at.Error(
          absl::StrCat("there is no such field: expected one of ", expected()));
    }
    if (!seen.insert(field->name).second) {
      return at.Error("the field is there twice: remove one");
    }
    if (absl::Status status = field->read(place.Field(field->name, value));
        !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

// Reads a text that is not empty.
absl::Status ReadText(const Place& place, absl::string_view expected,
                      std::string& text) {
  if (!place.node().IsScalar() || place.node().Scalar().empty()) {
    return place.Error(absl::StrCat(
        "it is ", place.node().IsScalar() ? "empty" : Kind(place.node()),
        ": expected ", expected));
  }
  text = place.node().Scalar();
  return absl::OkStatus();
}

// The same; the text must pass `check`.
Field Text(absl::string_view name, absl::string_view expected,
           absl::Status (*check)(absl::string_view), std::string& text) {
  return {name, [=, &text](const Place& place) {
            absl::Status status = ReadText(place, expected, text);
            if (!status.ok()) return status;
            status = check(text);
            return status.ok() ? status : place.Error(status.message());
          }};
}

Field File(absl::string_view name, std::string& file) {
  return {name, [&file](const Place& place) {
            absl::Status status =
                ReadText(place, "the path of a PEM file", file);
            if (status.ok()) file = place.Resolve(file);
            return status;
          }};
}

absl::Status ReadTls(const Place& place, TlsFiles& tls) {
  absl::Status status =
      ReadMapping(place, {File("ca", tls.ca), File("cert", tls.certificate),
                          File("key", tls.key)});
  if (status.ok() && tls.certificate.empty() != tls.key.empty()) {
    return place.Error("cert and key go together: give both or neither");
  }
  return status;
}

absl::Status ReadKnownAs(const Place& place,
                         std::vector<std::string>& addresses) {
  constexpr absl::string_view kExpected = "a literal IP address";
  if (!place.node().IsSequence()) {
    return place.Error(absl::StrCat("it is ", Kind(place.node()),
                                    ": expected a list, each ", kExpected));
  }
  for (const YAML::Node& node : place.node()) {
    const Place at = place.Element(addresses.size(), node);
    std::string text;
    if (absl::Status status = ReadText(at, kExpected, text); !status.ok()) {
      return status;
    }
    if (!ParseIp(text).has_value()) {
      return at.Error(absl::StrCat("\"",
                                   absl::CHexEscape(text.substr(0, kShown)),
                                   "\" is none: expected ", kExpected));
    }
    addresses.push_back(std::move(text));
  }
  return absl::OkStatus();
}

absl::Status ReadHost(const Place& place, HostEntry& host) {
  absl::Status status = ReadMapping(
      place,
      {Text("name", "what messages call the host", CheckHostName, host.name),
       Text("address", "HOST:PORT or unix:PATH", CheckHostAddress,
            host.address),
       {"tls", [&host](const Place& p) { return ReadTls(p, host.tls); }},
       Text("session", "the name of a session", CheckSessionName, host.session),
       {"known_as",
        [&host](const Place& p) { return ReadKnownAs(p, host.known_as); }}});
  if (!status.ok()) return status;
  if (host.address.empty()) {
    return place.Error(
        "address: it is missing: expected HOST:PORT or "
        "unix:PATH");
  }
  if (host.name.empty()) host.name = host.address;
  return absl::OkStatus();
}

absl::Status ReadHosts(const Place& place, std::vector<HostEntry>& hosts) {
  if (!place.node().IsSequence() || place.node().size() == 0) {
    return place.Error(absl::StrCat(
        "it is ", place.node().IsSequence() ? "empty" : Kind(place.node()),
        ": expected a list of hosts, each \"- address: HOST:PORT\" and more"));
  }
  std::set<std::string> names;
  for (const YAML::Node& node : place.node()) {
    const Place at = place.Element(hosts.size(), node);
    HostEntry host;
    if (absl::Status status = ReadHost(at, host); !status.ok()) return status;
    if (!names.insert(host.name).second) {
      return at.Field("name", node)
          .Error(absl::StrCat("two hosts are called \"", host.name,
                              "\": give each its own name"));
    }
    hosts.push_back(std::move(host));
  }
  return absl::OkStatus();
}

// Notes where a document starts.
class DocumentStart : public YAML::EventHandler {
 public:
  const YAML::Mark& mark() const { return mark_; }

  void OnDocumentStart(const YAML::Mark& mark) override { mark_ = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  YAML::Mark mark_;
};

// InvalidArgument if there is more than one document. YAML::LoadAll() would go
// on for ever where the parser takes nothing of the text, as of ",".
absl::Status CheckOneDocument(const std::string& text,
                              const std::string& path) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentStart start;
  if (!parser.HandleNextDocument(start) || !parser.HandleNextDocument(start)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(path, ":", start.mark().line + 1,
                   ": a second document: expected one, without \"---\" in "
                   "between"));
}

absl::StatusOr<std::vector<HostEntry>> ReadDocument(const std::string& text,
                                                    const std::string& path) {
  const Place place(path, "", YAML::Load(text));
  std::vector<HostEntry> hosts;
  absl::Status status = ReadMapping(
      place, {{"hosts", [&](const Place& p) { return ReadHosts(p, hosts); }}});
  if (!status.ok()) return status;
  if (hosts.empty()) {
    return place.Error("hosts: it is missing: expected a list");
  }
  status = CheckOneDocument(text, path);
  if (!status.ok()) return status;
  return hosts;
}

}  // namespace

absl::StatusOr<std::vector<HostEntry>> ReadHostsFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    const int error = errno;
    const std::string message =
        absl::StrCat("can't read ", path, ": ", std::strerror(error));
    return error == ENOENT ? absl::NotFoundError(message)
                           : absl::FailedPreconditionError(message);
  }
  std::string text(kMaxHostsFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  // A folder opens and fails here.
  if (file.bad() || (file.fail() && !file.eof())) {
    return absl::FailedPreconditionError(
        absl::StrCat("can't read ", path, ": ", std::strerror(errno)));
  }
  text.resize(static_cast<size_t>(file.gcount()));
  return ParseHostsFile(text, path);
}

absl::StatusOr<std::vector<HostEntry>> ParseHostsFile(absl::string_view text,
                                                      const std::string& path) {
  if (text.size() > kMaxHostsFileBytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        path, ": larger than ", kMaxHostsFileBytes, " bytes: no hosts file"));
  }
  // yaml-cpp says what is wrong by exceptions; none leaves this function.
  try {
    return ReadDocument(std::string(text), path);
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":", error.mark.is_null() ? 1 : error.mark.line + 1,
                     ": no YAML: ", error.msg));
  }
}

}  // namespace standoff::client
