// Certificates to test TLS with, made by openssl(1).

#ifndef STANDOFF_TESTS_TESTING_CERTIFICATES_H_
#define STANDOFF_TESTS_TESTING_CERTIFICATES_H_

#include <string>

#include "client/lab/temp_dir.h"

namespace standoff::client {

// Paths of PEM files.
struct Certificate {
  std::string certificate;
  std::string key;
};

// A certificate authority in a temporary folder of its own, where all that it
// signs is, too. What can't be made ends the test program.
class Authority {
 public:
  Authority();

  // Its own certificate.
  const std::string& ca() const { return self_.certificate; }

  // A certificate for 127.0.0.1, ::1 and localhost, and its key. `name` is its
  // common name and names the files. With a negative number of days it has
  // expired.
  Certificate Sign(const std::string& name, int days = 2) const;

 private:
  std::string Path(const std::string& file) const;

  TempDir folder_;
  Certificate self_;
};

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_TESTING_CERTIFICATES_H_
