#include "client/lab/spawn.h"

#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace standoff::client {
namespace {

// The pointers that exec wants.
std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) {
    pointers.push_back(const_cast<char*>(text.c_str()));
  }
  pointers.push_back(nullptr);
  return pointers;
}

class Actions {
 public:
  Actions() { posix_spawn_file_actions_init(&actions_); }
  ~Actions() { posix_spawn_file_actions_destroy(&actions_); }

  posix_spawn_file_actions_t* get() { return &actions_; }

  void SetStandard(int input, int output, int error) {
    // A descriptor that is in its place already loses its close-on-exec flag.
    posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, error, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
  }

 private:
  posix_spawn_file_actions_t actions_;
};

class Attributes {
 public:
  Attributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP |
                                               POSIX_SPAWN_SETSIGMASK |
                                               POSIX_SPAWN_SETSIGDEF);
  }
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }

  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

}  // namespace

int Spawn(const std::string& program, const std::vector<std::string>& arguments,
          const std::vector<std::string>& environment, int standard_input,
          int standard_output, int standard_error, pid_t* pid) {
  Actions actions;
  actions.SetStandard(standard_input, standard_output, standard_error);
  const Attributes attributes;
  return posix_spawn(pid, program.c_str(), actions.get(), attributes.get(),
                     Pointers(arguments).data(), Pointers(environment).data());
}

std::vector<std::string> EnvironmentWith(
    const std::vector<std::string>& additions) {
  std::vector<std::string> environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const absl::string_view text = *variable;
    const absl::string_view name = text.substr(0, text.find('='));
    if (std::none_of(additions.begin(), additions.end(),
                     [&](const std::string& addition) {
                       return absl::StartsWith(addition,
                                               absl::StrCat(name, "="));
                     })) {
      environment.emplace_back(text);
    }
  }
  environment.insert(environment.end(), additions.begin(), additions.end());
  return environment;
}

}  // namespace standoff::client
