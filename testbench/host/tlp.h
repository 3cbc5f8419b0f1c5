// Transaction-layer packets: header fields as printed in PCIe Base 2.2 (byte 0 of a DW in bits 31:24). The values of
// fmt and type come from the contract (DB_TLP_KIND_*).
#pragma once

#include <bit>
#include <cstdint>

#include "../../contract/gen/doorbell_contract.h"

namespace dbh {

enum class Class : uint8_t { Posted, NonPosted, Completion };

constexpr uint32_t kTrafficBits = 0x00703000;  // TC and Attr[1:0] of DW0, echoed in completions

constexpr uint8_t kLockedRead = 0x01, kIo = 0x02;  // known to PCIe only

// Read-only view of a header.
struct Header {
  uint32_t dw[4];

  uint8_t kind() const { return static_cast<uint8_t>(dw[0] >> 24); }
  bool has_data() const { return dw[0] & 0x40000000; }
  bool four_dw() const { return dw[0] & 0x20000000; }
  bool poisoned() const { return dw[0] & 0x00004000; }
  bool digest() const { return dw[0] & 0x00008000; }
  uint32_t length_dw() const { return (dw[0] & 0x3FF) == 0 ? 1024 : dw[0] & 0x3FF; }
  uint32_t payload_bytes() const { return has_data() ? 4 * length_dw() : 0; }
  // A type that PCIe does not define belongs to no flow-control class: nobody counts credits for it.
  uint32_t header_credits() const { return is_defined() ? 1 : 0; }
  uint32_t data_credits() const { return is_defined() && has_data() ? (length_dw() + 3) / 4 : 0; }

  bool is_memory_read() const { return (kind() & 0xDF) == DB_TLP_KIND_MRD32; }
  bool is_memory_write() const { return (kind() & 0xDF) == DB_TLP_KIND_MWR32; }
  bool is_atomic() const { return (kind() & 0xDF) >= DB_TLP_KIND_FETCHADD32 && (kind() & 0xDF) <= DB_TLP_KIND_CAS32; }
  bool is_completion() const { return (kind() & 0xBE) == DB_TLP_KIND_CPL; }  // of locked reads, too
  bool is_message() const { return (kind() & 0xB8) == 0x30; }
  bool is_defined() const {  // PCIe Base table 2-3
    const uint8_t bare = kind() & 0xBF;  // of I/O and configuration
    return is_memory_read() || (kind() & 0xDF) == kLockedRead || is_memory_write() || is_atomic() || is_completion() ||
           is_message() || bare == kIo || (bare & 0xFE) == DB_TLP_KIND_CFGRD0;
  }
  Class cls() const {
    if (is_completion()) return Class::Completion;
    return is_memory_write() || is_message() || !is_defined() ? Class::Posted : Class::NonPosted;
  }

  // Requests.
  uint16_t requester() const { return static_cast<uint16_t>(dw[1] >> 16); }
  uint16_t tag() const { return static_cast<uint16_t>(((dw[1] >> 8) & 0xFF) | extended_tag()); }
  uint8_t first_be() const { return dw[1] & 0xF; }
  uint8_t last_be() const { return (dw[1] >> 4) & 0xF; }
  uint64_t address() const {
    return four_dw() ? (static_cast<uint64_t>(dw[2]) << 32) | (dw[3] & ~3u) : dw[2] & ~3u;
  }
  // Bytes meant: the distance of the first enabled byte from address(), and from the last one to the end.
  uint32_t skip_first() const { return first_be() ? static_cast<uint32_t>(std::countr_zero(first_be())) : 0; }
  uint32_t skip_last() const {
    const unsigned be = length_dw() == 1 ? first_be() : last_be();
    return be ? static_cast<uint32_t>(std::countl_zero(be) - 28) : 0;
  }
  // PCIe Base table 2-39; a zero-length read counts as one byte.
  uint32_t bytes_meant() const {
    if (length_dw() == 1 && first_be() == 0) return 1;
    return 4 * length_dw() - skip_first() - skip_last();
  }

  // Completions.
  uint16_t completer() const { return static_cast<uint16_t>(dw[1] >> 16); }
  uint8_t status() const { return (dw[1] >> 13) & 7; }
  uint32_t byte_count() const { return (dw[1] & 0xFFF) == 0 ? 4096 : dw[1] & 0xFFF; }
  uint16_t completion_requester() const { return static_cast<uint16_t>(dw[2] >> 16); }
  uint16_t completion_tag() const { return static_cast<uint16_t>(((dw[2] >> 8) & 0xFF) | extended_tag()); }
  uint8_t lower_address() const { return dw[2] & 0x7F; }

 private:
  uint32_t extended_tag() const { return ((dw[0] >> 14) & 0x200) | ((dw[0] >> 11) & 0x100); }  // T9 bit 23, T8 bit 19
};

constexpr uint32_t extended_tag_bits(uint32_t tag) { return ((tag & 0x200) << 14) | ((tag & 0x100) << 11); }

// Byte enables of `bytes` (1 or more) at `address`.
struct Span {
  uint32_t length_dw, first_be, last_be;
  Span(uint64_t address, uint32_t bytes) {
    const auto skip = static_cast<uint32_t>(address & 3);
    length_dw = (skip + bytes + 3) / 4;
    const uint32_t last = 0xFu >> ((4 - ((skip + bytes) & 3)) & 3);
    first_be = (0xFu << skip) & 0xF;
    last_be = length_dw == 1 ? 0 : last;
    if (length_dw == 1) first_be &= last;
  }
};

// A memory request; `kind` is the one of the 32-bit address, the address decides the format.
inline Header memory_request(uint8_t kind, uint64_t address, const Span& span, uint16_t requester, uint32_t tag) {
  const bool wide = address >> 32;
  Header h{};
  h.dw[0] = (static_cast<uint32_t>(kind | (wide ? 0x20 : 0)) << 24) | (span.length_dw & 0x3FF) |
            extended_tag_bits(tag);
  h.dw[1] = (static_cast<uint32_t>(requester) << 16) | ((tag & 0xFF) << 8) | (span.last_be << 4) | span.first_be;
  h.dw[2] = wide ? static_cast<uint32_t>(address >> 32) : static_cast<uint32_t>(address) & ~3u;
  h.dw[3] = wide ? static_cast<uint32_t>(address) & ~3u : 0;
  return h;
}

inline Header completion(const Header& request, uint32_t length_dw, uint32_t status, uint16_t completer,
                         uint32_t byte_count, uint32_t lower_address) {
  const uint32_t tag = request.tag();
  Header h{};
  h.dw[0] = (static_cast<uint32_t>(length_dw ? DB_TLP_KIND_CPLD : DB_TLP_KIND_CPL) << 24) | (length_dw & 0x3FF) |
            (request.dw[0] & kTrafficBits) | extended_tag_bits(tag);
  h.dw[1] = (static_cast<uint32_t>(completer) << 16) | ((status & 7) << 13) | (byte_count & 0xFFF);
  h.dw[2] = (static_cast<uint32_t>(request.requester()) << 16) | ((tag & 0xFF) << 8) | (lower_address & 0x7F);
  return h;
}

}  // namespace dbh
