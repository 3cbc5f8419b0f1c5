// First-in first-out queue in one block of memory that doubles when full: no allocation in the steady state.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace dbh {

template <typename T>
class Ring {
 public:
  explicit Ring(size_t capacity = 64) : items_(capacity) {}  // a power of two

  bool empty() const { return head_ == tail_; }
  size_t size() const { return tail_ - head_; }
  T& front() { return items_[head_ & (items_.size() - 1)]; }
  const T& front() const { return items_[head_ & (items_.size() - 1)]; }
  T& operator[](size_t i) { return items_[(head_ + i) & (items_.size() - 1)]; }
  void pop() { items_[head_++ & (items_.size() - 1)] = T(); }
  void clear() {
    while (!empty()) pop();
  }
  T& push(T item) {
    if (size() == items_.size()) grow();
    T& place = items_[tail_++ & (items_.size() - 1)];
    place = std::move(item);
    return place;
  }

 private:
  void grow() {
    std::vector<T> larger(2 * items_.size());
    const size_t count = size();
    for (size_t i = 0; i < count; ++i) larger[i] = std::move((*this)[i]);
    items_ = std::move(larger);
    head_ = 0;
    tail_ = count;
  }

  std::vector<T> items_;
  size_t head_ = 0, tail_ = 0;
};

}  // namespace dbh
