// Flow-control credits (PCIe Base 2.6.1): cumulative counts modulo the field's range; headers count TLPs, data units of
// 16 bytes.
#pragma once

#include <cstdint>

#include "mmio_port.h"
#include "tlp.h"

namespace dbh {

struct Credits {
  uint32_t posted_headers = 0, posted_data = 0, nonposted_headers = 0, nonposted_data = 0;

  void add(Class cls, uint32_t headers, uint32_t data) {
    (cls == Class::Posted ? posted_headers : nonposted_headers) += headers;
    (cls == Class::Posted ? posted_data : nonposted_data) += data;
  }
  Credits operator-(const Credits& other) const {
    return {(posted_headers - other.posted_headers) & 0xFF, (posted_data - other.posted_data) & 0xFFF,
            (nonposted_headers - other.nonposted_headers) & 0xFF, (nonposted_data - other.nonposted_data) & 0xFFF};
  }
  // What may still be sent. More than half the range means that too much was sent already.
  Room room() const {
    const auto half = [](uint32_t left, uint32_t range) { return left > range / 2 ? 0 : left; };
    return {half(posted_headers, 256), half(posted_data, 4096), half(nonposted_headers, 256),
            half(nonposted_data, 4096)};
  }

  // credits_t of rtl/seams_pkg.sv, 60 bits.
  uint64_t pack() const {
    return (uint64_t{posted_headers & 0xFF} << 52) | (uint64_t{posted_data & 0xFFF} << 40) |
           (uint64_t{nonposted_headers & 0xFF} << 32) | (uint64_t{nonposted_data & 0xFFF} << 20);
  }
  static Credits unpack(uint64_t bits) {
    return {static_cast<uint32_t>(bits >> 52) & 0xFF, static_cast<uint32_t>(bits >> 40) & 0xFFF,
            static_cast<uint32_t>(bits >> 32) & 0xFF, static_cast<uint32_t>(bits >> 20) & 0xFFF};
  }
};

}  // namespace dbh
