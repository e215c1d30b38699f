#include "tests/testing/certificates.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/lab/command.h"
#include "tests/testing/must.h"

namespace standoff::client {
namespace {

void OpenSsl(const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {"openssl"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  Must(MustRun(command, absl::Minutes(1)));
}

}  // namespace

Authority::Authority()
    : folder_(Must(TempDir::Create())),
      self_{.certificate = Path("ca.pem"), .key = Path("ca.key")} {
  OpenSsl({"req", "-x509", "-newkey", "ec", "-pkeyopt",
           "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Test authority",
           "-days", "2", "-out", self_.certificate, "-keyout", self_.key});
}

std::string Authority::Path(const std::string& file) const {
  return absl::StrCat(folder_.path(), "/", file);
}

Certificate Authority::Sign(const std::string& name, int days) const {
  const Certificate made = {.certificate = Path(absl::StrCat(name, ".pem")),
                            .key = Path(absl::StrCat(name, ".key"))};
  const std::string request = Path(absl::StrCat(name, ".csr"));
  OpenSsl({"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
           "-nodes", "-subj", absl::StrCat("/CN=", name), "-addext",
           "subjectAltName=IP:127.0.0.1,IP:::1,DNS:localhost", "-out", request,
           "-keyout", made.key});
  OpenSsl({"x509", "-req", "-in", request, "-CA", self_.certificate, "-CAkey",
           self_.key, "-CAcreateserial", "-copy_extensions", "copy", "-days",
           absl::StrCat(days), "-out", made.certificate});
  return made;
}

}  // namespace standoff::client
